using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>What <see cref="EmbeddingRows"/> does to one row. <b>Shapes</b>: y [width].</summary>
internal readonly unsafe struct EmbeddingTableRow(long id, float* y, int width)
{
    private const int Lanes = Packing.Lanes;
    private const int Block = 4 * Lanes;

    public void Replace<TLanes, TElement>(in EmbeddingTable table)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var at = table.Ids is null ? (nint)id : new ReadOnlySpan<int>(table.Ids, table.Count).BinarySearch((int)id);
        if (at < 0)
        {
            return;
        }

        var (from, i) = (at * width, 0);
        for (; i <= width - Lanes; i += Lanes)
        {
            TLanes.Store(TElement.Load<TLanes>(table.Values, from + i), y + i);
        }

        for (; i < width; i++)
        {
            y[i] = table.Type == WeightType.F32 ? ((float*)table.Values)[from + i] : BF16.ToSingle(((ushort*)table.Values)[from + i]);
        }
    }

    public void AddLowRank<TLanes, TElement>(in EmbeddingTable table)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var column = 0;
        for (; column <= width - Block; column += Block)
        {
            AddBlock<TLanes, TElement>(table, column, y + column);
        }

        for (; column <= width - Lanes; column += Lanes)
        {
            AddLanes<TLanes, TElement>(table, column, y + column);
        }

        if (column < width)
        {
            var tail = stackalloc float[Lanes];
            var bytes = (uint)(width - column) * sizeof(float);
            new Span<float>(tail, Lanes).Clear();
            Buffer.MemoryCopy(y + column, tail, bytes, bytes);
            AddLanes<TLanes, TElement>(table, column, tail);
            Buffer.MemoryCopy(tail, y + column, bytes, bytes);
        }
    }

    public void AddSparse<TElement>(in EmbeddingTable table)
        where TElement : ISparseElement
    {
        for (nint at = table.Starts[id], end = table.Starts[id + 1]; at < end; at++)
        {
            y[TElement.Column(table.Columns, at)] += table.Scale * TElement.Value(table.Values, at);
        }
    }

    /// <summary>Sixteen ranks at a time: the token's row of Aᵀ once in lanes, then each of its numbers over 64 outputs that stay in registers.</summary>
    private void AddBlock<TLanes, TElement>(in EmbeddingTable table, int column, float* target)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var ranks = stackalloc float[Lanes];
        var (a, b, c, d) = (TLanes.Load(target), TLanes.Load(target + Lanes), TLanes.Load(target + (2 * Lanes)), TLanes.Load(target + (3 * Lanes)));
        for (var first = 0; first < table.Rank; first += Lanes)
        {
            LoadRanks<TLanes, TElement>(table, first, ranks);
            for (var r = 0; r < Lanes && first + r < table.Rank; r++)
            {
                var v = TLanes.Broadcast(ranks[r]);
                var at = ((nint)(first + r) * Packing.RoundUp(width)) + column;
                a = TLanes.MultiplyAdd(v, TElement.Load<TLanes>(table.B, at), a);
                b = TLanes.MultiplyAdd(v, TElement.Load<TLanes>(table.B, at + Lanes), b);
                c = TLanes.MultiplyAdd(v, TElement.Load<TLanes>(table.B, at + (2 * Lanes)), c);
                d = TLanes.MultiplyAdd(v, TElement.Load<TLanes>(table.B, at + (3 * Lanes)), d);
            }
        }

        TLanes.Store(a, target);
        TLanes.Store(b, target + Lanes);
        TLanes.Store(c, target + (2 * Lanes));
        TLanes.Store(d, target + (3 * Lanes));
    }

    private void AddLanes<TLanes, TElement>(in EmbeddingTable table, int column, float* target)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var ranks = stackalloc float[Lanes];
        var sum = TLanes.Load(target);
        for (var first = 0; first < table.Rank; first += Lanes)
        {
            LoadRanks<TLanes, TElement>(table, first, ranks);
            for (var r = 0; r < Lanes && first + r < table.Rank; r++)
            {
                var at = ((nint)(first + r) * Packing.RoundUp(width)) + column;
                sum = TLanes.MultiplyAdd(TLanes.Broadcast(ranks[r]), TElement.Load<TLanes>(table.B, at), sum);
            }
        }

        TLanes.Store(sum, target);
    }

    /// <summary>scale * A[first .. first + 16, id]; what lies behind the last rank is read and not used.</summary>
    private void LoadRanks<TLanes, TElement>(in EmbeddingTable table, int first, float* ranks)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement =>
        TLanes.Store(TLanes.Multiply(TLanes.Broadcast(table.Scale), TElement.Load<TLanes>(table.Values, ((nint)id * table.Rank) + first)), ranks);
}
