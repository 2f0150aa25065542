using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The query rows of one piece against one chunk of positions: logits = q.k, softmax against the chunk's own maximum, weighted values.
/// A row's sums run over the positions of the chunk in order; positions that it does not see weigh exactly zero.
/// </summary>
internal readonly unsafe struct AttentionTile
{
    private const int Chunks = AttentionWorkspace.Chunk;

    private readonly PagedAttentionArguments _a;
    private readonly AttentionScratch _scratch;
    private readonly float* _queries;
    private readonly int* _table;
    private readonly nint _queryStride;
    private readonly int _headStart;
    private readonly int _headCount;
    private readonly int _group;
    private readonly int _rows;
    private readonly int _width;

    /// <summary>Position of the first token.</summary>
    private readonly int _position;
    private readonly int _lastPosition;

    public AttentionTile(in PagedAttentionArguments arguments, in AttentionPiece piece, float* queries, in AttentionScratch scratch)
    {
        _a = arguments;
        _scratch = scratch;
        _group = arguments.Heads / arguments.KvHeads;
        _headStart = piece.HeadStart;
        _headCount = piece.HeadCount;
        _queryStride = (nint)arguments.Tokens * _group * arguments.HeadSize;
        _rows = piece.Tokens * _group;
        _width = Packing.RoundUp(arguments.HeadSize);
        _queries = queries + (((nint)piece.HeadStart * arguments.Tokens) + piece.TokenStart) * _group * arguments.HeadSize;
        _table = arguments.BlockTable + ((nint)piece.Sequence * arguments.MaxBlocksPerSequence);
        _position = arguments.PastLengths[piece.Sequence] + piece.TokenStart - arguments.CumulativeLengths[piece.Sequence];
        _lastPosition = _position + piece.Tokens - 1;
    }

    /// <summary>A chunk against every KV head of the piece; the results are merged into the running sums, or into those at <paramref name="partials"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Chunk<TLanes, TKv>(int chunk, byte* partials)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        var start = chunk * Chunks;
        var from = First(_position, start);
        var to = Math.Min(Chunks, _lastPosition + 1 - start);
        if (InPlace<TLanes, TKv>())
        {
            LogitsInPlace<TKv>(start, from & -16, to);
        }
        else if (typeof(TLanes) == typeof(Lanes512) && !TKv.IsF32 && _rows <= KeyProducts.MostRows && _width == _a.HeadSize)
        {
            for (var head = 0; head < _headCount; head++)
            {
                LogitsOfWidened<TLanes, TKv>(head, start, from & -16, to);
            }
        }
        else
        {
            for (var head = 0; head < _headCount; head++)
            {
                Logits<TLanes, TKv>(head, start, from & -16, to);
            }
        }

        var asking = TKv.IsF32 && _headCount == _a.KvHeads && _width == _a.HeadSize && Panel.Asks<TLanes>(_rows);
        var scales = stackalloc float[Chunks];
        for (var head = 0; head < _headCount; head++)
        {
            var result = _scratch.Chunk;
            var next = Chunks * head / _headCount;
            var last = Chunks * (head + 1) / _headCount;
            if (TKv.HasScale)
            {
                Scales<TKv>(_a.KeyCache, head, start, from & -16, to, scales);
                Multiply<TLanes>(Weights(head), scales);
            }

            for (var row = 0; row < _rows; row++)
            {
                // In small portions: more lines than a core can await at once would stall the exponentials.
                if (!asking)
                {
                    Ahead<TKv>(_a.KeyCache, start + Chunks, next + ((last - next) * row / _rows), next + ((last - next) * (row + 1) / _rows));
                }

                var position = _position + (row / _group);
                var first = First(position, start);
                var end = Math.Min(Chunks, position + 1 - start);
                AttentionSoftmax.Run<TLanes>(
                    Weights(head) + ((nint)row * Chunks), _a.SoftCap, from, first, end, to, out result.Maxima[row], out result.Totals[row]);
            }

            if (TKv.HasScale)
            {
                // A value's row is its scale times integers, hence its weight times that scale times integers.
                Scales<TKv>(_a.ValueCache, head, start, from, to, scales);
                Multiply<TLanes>(Weights(head), scales);
            }

            Values<TLanes, TKv>(head, start, from, to, result.Sums, asking);
            var running = partials == null
                ? _scratch.Running(head)
                : new AttentionPartial(partials + (head * AttentionWorkspace.PartialBytes(_rows, _a.HeadSize)), _rows, _width);
            running.Merge<TLanes>(result);
        }
    }

    /// <summary>The first position of the chunk that a token sees, relative to the chunk.</summary>
    private int First(int position, int start) => _a.Window == 0 ? 0 : Math.Clamp(position - _a.Window + 1 - start, 0, Chunks);

    private float* Weights(int head) => _scratch.Weights + ((nint)head * _rows * Chunks);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Logits<TLanes, TKv>(int head, int start, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        var blocks = (to - from + 15) / 16;
        var first = Chunks * head / _headCount;
        var end = Chunks * (head + 1) / _headCount;
        for (var block = 0; block < blocks; block++)
        {
            var key = from + (block * 16);
            Ahead<TKv>(_a.ValueCache, start, first + ((end - first) * block / blocks), first + ((end - first) * (block + 1) / blocks));
            Transpose<TLanes, TKv>(head, start + key, Math.Min(16, to - key), _scratch.Keys + ((nint)block * 16 * _width));
        }

        var panel = default(Panel);
        panel.W = _scratch.Keys;
        panel.BlockStride = 16 * _width;
        panel.DepthStride = 16;
        panel.Blocks = blocks;
        panel.Depth = _a.HeadSize;
        panel.X = _queries + ((nint)head * _queryStride);
        panel.XStride = _a.HeadSize;
        panel.Rows = _rows;
        panel.Y = Weights(head) + from;
        panel.YStride = Chunks;
        panel.Run<TLanes, F32Element>();
    }

    /// <summary>The same chains over keys that are widened to f32 first, sixteen at a time: they stay in the first cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LogitsOfWidened<TLanes, TKv>(int head, int start, int from, int to)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        KeyProducts products;
        products.Keys = _scratch.Gathered;
        products.KeyStride = _width;
        products.Depth = _a.HeadSize;
        products.Queries = _queries + ((nint)head * _queryStride);
        products.Rows = _rows;
        products.YStride = Chunks;
        products.Ask = null;
        for (var i = from; i < to; i += 16)
        {
            if (head == 0)
            {
                Ahead<TKv>(_a.ValueCache, start, i, i + 16);
            }

            Gather<TLanes, TKv>(_a.KeyCache, head, start + i, Math.Min(16, to - i), _scratch.Gathered);
            products.Y = Weights(head) + i;
            products.Run();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scales<TKv>(void* cache, int head, int start, int from, int to, float* scales)
        where TKv : IKvElement
    {
        new Span<float>(scales, Chunks).Clear();
        var stride = (nint)_a.KvHeads * TKv.RowElements(_a.HeadSize);
        while (from < to)
        {
            var slot = Slot<TKv>(head, start + from);
            for (var end = Math.Min(to, from + Run(start + from)); from < end; from++, slot += stride)
            {
                scales[from] = TKv.Scale(cache, slot, _a.HeadSize);
            }
        }
    }

    /// <summary>Rows of a head as f32 without their scales, side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gather<TLanes, TKv>(void* cache, int head, int position, int count, float* rows)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        var stride = (nint)_a.KvHeads * TKv.RowElements(_a.HeadSize);
        while (count > 0)
        {
            var slot = Slot<TKv>(head, position);
            var run = Math.Min(count, Run(position));
            for (var i = 0; i < run; i++, slot += stride, rows += _width)
            {
                KvElements.Read<TLanes, TKv>(cache, slot, _a.HeadSize, rows);
            }

            position += run;
            count -= run;
        }
    }

    /// <summary>Positions from this one on that stand in its block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Run(int position) => _a.BlockSize - (position % _a.BlockSize);

    /// <summary>Multiplies the columns of a head's weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<TLanes>(float* weights, float* scales)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var row = 0; row < _rows; row++, weights += Chunks)
        {
            for (var i = 0; i < Chunks; i += 16)
            {
                TLanes.Store(TLanes.Multiply(TLanes.Load(weights + i), TLanes.Load(scales + i)), weights + i);
            }
        }
    }

    private bool InPlace<TLanes, TKv>()
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement =>
        typeof(TLanes) == typeof(Lanes512) && TKv.IsF32 && _rows <= KeyProducts.MostRows && _width == _a.HeadSize && _a.BlockSize % 16 == 0;

    /// <summary>
    /// Logits of few rows, sixteen positions of every KV head at a time: they stand together, in one block. What stands past the last position is
    /// computed too, each lane by itself, and masked by the softmax. While a head's keys are read, as many bytes of the values are asked for.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LogitsInPlace<TKv>(int start, int from, int to)
        where TKv : IKvElement
    {
        KeyProducts products;
        products.KeyStride = (nint)_a.KvHeads * _a.HeadSize;
        products.Depth = _a.HeadSize;
        products.Rows = _rows;
        products.YStride = Chunks;
        for (var i = from; i < to; i += 16)
        {
            var slot = Slot<TKv>(0, start + i);
            products.Keys = (float*)_a.KeyCache + slot;
            products.Ask = _headCount == _a.KvHeads ? (byte*)_a.ValueCache + (slot * TKv.Bytes) : null;
            products.Queries = _queries;
            products.Y = Weights(0) + i;
            for (var head = 0; head < _headCount; head++)
            {
                products.Run();
                products.Keys += _a.HeadSize;
                products.Queries += _queryStride;
                products.Y += (nint)_rows * Chunks;
                products.Ask += products.Ask == null ? 0 : 16 * _a.HeadSize * TKv.Bytes;
            }
        }
    }

    /// <summary>Asks for the positions [start + from, start + to) of all KV heads of the piece, so far as the tokens see them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Ahead<TKv>(void* cache, int start, int from, int to)
        where TKv : IKvElement
    {
        var bytes = _headCount * TKv.RowElements(_a.HeadSize) * TKv.Bytes;
        var end = Math.Min(start + to, _lastPosition + 1);
        for (var position = start + from; position < end; position++)
        {
            Prefetch.Lines((byte*)cache + (Slot<TKv>(0, position) * TKv.Bytes), bytes);
        }
    }

    /// <summary>Sixteen keys as [D][16]; keys past <paramref name="count"/> are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transpose<TLanes, TKv>(int head, int position, int count, float* keys)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        float* source;
        nint stride;
        if (TKv.IsF32 && count == 16 && _width == _a.HeadSize && (position % _a.BlockSize) + 16 <= _a.BlockSize)
        {
            source = (float*)_a.KeyCache + Slot<TKv>(head, position);
            stride = (nint)_a.KvHeads * _a.HeadSize;
        }
        else
        {
            source = _scratch.Gathered;
            stride = _width;
            new Span<float>(source, 16 * _width).Clear();
            Gather<TLanes, TKv>(_a.KeyCache, head, position, count, source);
        }

        for (var i = 0; i < _width; i += 16)
        {
            TLanes.Transpose(source + i, stride, keys + (i * 16));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Values<TLanes, TKv>(int head, int start, int from, int to, float* sums, bool asking)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        var panel = default(Panel);
        panel.Blocks = _width / 16;
        panel.BlockStride = 16;
        panel.XStride = Chunks;
        panel.Rows = _rows;
        panel.Y = sums;
        panel.YStride = _width;
        panel.Accumulate = false;
        if (_width != _a.HeadSize)
        {
            GatherValues<TLanes, TKv>(head, start + from, to - from);
            panel.W = _scratch.Values;
            panel.DepthStride = _width;
            panel.Depth = to - from;
            panel.X = Weights(head) + from;
            panel.Run<TLanes, F32Element>();
            return;
        }

        panel.DepthStride = (nint)_a.KvHeads * TKv.RowElements(_a.HeadSize);
        panel.X = Weights(head) + from;
        var runs = stackalloc PanelRun[Chunks];
        var count = 0;
        for (var i = from; i < to; i += (int)runs[count++].Depth)
        {
            var position = start + i;
            runs[count].Depth = Math.Min(to - i, Run(position));
            runs[count].W = (byte*)_a.ValueCache + (Slot<TKv>(head, position) * TKv.Bytes);
            // Past the last position of the sequence the table may end.
            runs[count].Ask = !asking ? null
                : position + Chunks > _lastPosition ? (byte*)runs[count].W
                : (byte*)_a.KeyCache + ((Slot<TKv>(0, position + Chunks) + (head * runs[count].Depth * _a.HeadSize)) * TKv.Bytes);
        }

        panel.Run<TLanes, TKv>(runs, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void GatherValues<TLanes, TKv>(int head, int position, int count)
        where TLanes : unmanaged, ILanes<TLanes>
        where TKv : IKvElement
    {
        new Span<float>(_scratch.Values, count * _width).Clear();
        Gather<TLanes, TKv>(_a.ValueCache, head, position, count, _scratch.Values);
    }

    /// <summary>Offset in elements of a position's row of one of the piece's KV heads, in either cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private nint Slot<TKv>(int head, int position)
        where TKv : IKvElement =>
        ((((nint)_table[position / _a.BlockSize] * _a.BlockSize) + (position % _a.BlockSize)) * _a.KvHeads + _headStart + head)
        * TKv.RowElements(_a.HeadSize);
}
