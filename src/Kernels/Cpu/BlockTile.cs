using System.Runtime.CompilerServices;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One or two rows by the 64 outputs of a tile, over some records.
/// <b>Semantics</b>: a group's 32 products are summed up in 16 bits, two sums an output, which cannot overflow: codes times bytes stay within
/// 15 * 127 * 16, and sums that start from an offset within 8 * 127 * 16. Then y = y + (sum * weights' scale) * row's scale in f32, group after
/// group. Every output is one chain, in the order of the inputs, whatever the tile.
/// </summary>
internal unsafe struct BlockTile
{
    private const int Lanes = 16;
    private const int Outputs = BlockProductLayout.TileOutputs;
    private const int EightsPerGroup = 4;

    public byte* Record;
    public nint RecordBytes;
    public int GroupsPerRecord;

    /// <summary>Of all records together.</summary>
    public int Groups;
    public BlockActivations A;
    public BlockActivations B;
    public float* YA;
    public float* YB;

    /// <summary>Starts from y instead of zero.</summary>
    public bool Accumulate;

    public readonly void Run<TLanes, TBytes, TSource, TVariant>()
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TSource : IBlockSource
        where TVariant : IBlockVariant
    {
        if (TLanes.HoldsSixteenAccumulators)
        {
            Four<TLanes, TBytes, TSource, TVariant>(this);
            return;
        }

        for (var block = 0; block < Outputs / Lanes; block++)
        {
            One<TLanes, TBytes, TSource, TVariant>(this, block);
        }
    }

    /// <summary>
    /// All outputs at once. Products stand apart from the sums that they go into: in turn they would hold up one another (0.89 times the speed on
    /// Zen 4).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Four<TLanes, TBytes, TSource, TVariant>(in BlockTile tile)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TSource : IBlockSource
        where TVariant : IBlockVariant
    {
        TLanes ya0 = tile.Start<TLanes>(tile.YA, 0), ya1 = tile.Start<TLanes>(tile.YA, 1);
        TLanes ya2 = tile.Start<TLanes>(tile.YA, 2), ya3 = tile.Start<TLanes>(tile.YA, 3);
        TLanes yb0 = TLanes.Zero, yb1 = TLanes.Zero, yb2 = TLanes.Zero, yb3 = TLanes.Zero;
        if (TVariant.IsPair)
        {
            (yb0, yb1) = (tile.Start<TLanes>(tile.YB, 0), tile.Start<TLanes>(tile.YB, 1));
            (yb2, yb3) = (tile.Start<TLanes>(tile.YB, 2), tile.Start<TLanes>(tile.YB, 3));
        }

        nint block = EightsPerGroup * TSource.EightBytes;
        byte* record = tile.Record, eight = record, scales = record;
        var groups = 0;
        for (var group = 0; group < tile.Groups; group++)
        {
            if (group == groups)
            {
                eight = record;
                scales = record + (tile.GroupsPerRecord * 4 * block);
                record += tile.RecordBytes;
                groups += tile.GroupsPerRecord;
            }

            TBytes a0 = Offset<TLanes, TBytes, TVariant>(tile.A, group), a1 = a0, a2 = a0, a3 = a0;
            TBytes b0 = TVariant.IsPair ? Offset<TLanes, TBytes, TVariant>(tile.B, group) : a0, b1 = b0, b2 = b0, b3 = b0;
            int* xa = (int*)tile.A.Bytes + (group * 8), xb = (int*)tile.B.Bytes + (group * 8);
            for (var i = 0; i < EightsPerGroup; i++)
            {
                TSource.Load<TLanes, TBytes>(eight, out var w0, out var v0);
                TSource.Load<TLanes, TBytes>(eight + block, out var w1, out var v1);
                TSource.Load<TLanes, TBytes>(eight + (2 * block), out var w2, out var v2);
                TSource.Load<TLanes, TBytes>(eight + (3 * block), out var w3, out var v3);
                eight += TSource.EightBytes;
                Add<TLanes, TBytes>(TBytes.Broadcast(xa[2 * i]), w0, w1, w2, w3, ref a0, ref a1, ref a2, ref a3);
                Add<TLanes, TBytes>(TBytes.Broadcast(xa[(2 * i) + 1]), v0, v1, v2, v3, ref a0, ref a1, ref a2, ref a3);
                if (TVariant.IsPair)
                {
                    Add<TLanes, TBytes>(TBytes.Broadcast(xb[2 * i]), w0, w1, w2, w3, ref b0, ref b1, ref b2, ref b3);
                    Add<TLanes, TBytes>(TBytes.Broadcast(xb[(2 * i) + 1]), v0, v1, v2, v3, ref b0, ref b1, ref b2, ref b3);
                }
            }

            eight += 3 * block;
            ya0 = Scaled<TLanes, TBytes, TVariant>(a0, scales, 0, tile.A, group, ya0);
            ya1 = Scaled<TLanes, TBytes, TVariant>(a1, scales, 1, tile.A, group, ya1);
            ya2 = Scaled<TLanes, TBytes, TVariant>(a2, scales, 2, tile.A, group, ya2);
            ya3 = Scaled<TLanes, TBytes, TVariant>(a3, scales, 3, tile.A, group, ya3);
            if (TVariant.IsPair)
            {
                yb0 = Scaled<TLanes, TBytes, TVariant>(b0, scales, 0, tile.B, group, yb0);
                yb1 = Scaled<TLanes, TBytes, TVariant>(b1, scales, 1, tile.B, group, yb1);
                yb2 = Scaled<TLanes, TBytes, TVariant>(b2, scales, 2, tile.B, group, yb2);
                yb3 = Scaled<TLanes, TBytes, TVariant>(b3, scales, 3, tile.B, group, yb3);
            }
        }

        End(tile.YA, ya0, ya1, ya2, ya3);
        if (TVariant.IsPair)
        {
            End(tile.YB, yb0, yb1, yb2, yb3);
        }
    }

    /// <summary>Sixteen outputs: where the lanes are several registers, of which there are few.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One<TLanes, TBytes, TSource, TVariant>(in BlockTile tile, int block)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TSource : IBlockSource
        where TVariant : IBlockVariant
    {
        var ya = tile.Start<TLanes>(tile.YA, block);
        var yb = TVariant.IsPair ? tile.Start<TLanes>(tile.YB, block) : TLanes.Zero;
        nint blockBytes = EightsPerGroup * TSource.EightBytes;
        for (var group = 0; group < tile.Groups; group++)
        {
            var record = tile.Record + (group / tile.GroupsPerRecord * tile.RecordBytes);
            var eight = record + (((group % tile.GroupsPerRecord * 4) + block) * blockBytes);
            var a = Offset<TLanes, TBytes, TVariant>(tile.A, group);
            var b = TVariant.IsPair ? Offset<TLanes, TBytes, TVariant>(tile.B, group) : a;
            int* xa = (int*)tile.A.Bytes + (group * 8), xb = (int*)tile.B.Bytes + (group * 8);
            for (var i = 0; i < EightsPerGroup; i++)
            {
                TSource.Load<TLanes, TBytes>(eight, out var w, out var v);
                eight += TSource.EightBytes;
                a = TBytes.AddShorts(TBytes.MultiplyPairs(w, TBytes.Broadcast(xa[2 * i])), a);
                a = TBytes.AddShorts(TBytes.MultiplyPairs(v, TBytes.Broadcast(xa[(2 * i) + 1])), a);
                if (TVariant.IsPair)
                {
                    b = TBytes.AddShorts(TBytes.MultiplyPairs(w, TBytes.Broadcast(xb[2 * i])), b);
                    b = TBytes.AddShorts(TBytes.MultiplyPairs(v, TBytes.Broadcast(xb[(2 * i) + 1])), b);
                }
            }

            var scales = record + (tile.GroupsPerRecord * 4 * blockBytes);
            ya = Scaled<TLanes, TBytes, TVariant>(a, scales, block, tile.A, group, ya);
            yb = TVariant.IsPair ? Scaled<TLanes, TBytes, TVariant>(b, scales, block, tile.B, group, yb) : yb;
        }

        TLanes.Store(ya, tile.YA + (block * Lanes));
        if (TVariant.IsPair)
        {
            TLanes.Store(yb, tile.YB + (block * Lanes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TBytes Offset<TLanes, TBytes, TVariant>(in BlockActivations row, int group)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TVariant : IBlockVariant => TBytes.Broadcast(TVariant.HasZeroPoints ? 0 : row.Offsets[group]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TLanes, TBytes>(
        TBytes x, TBytes w0, TBytes w1, TBytes w2, TBytes w3, ref TBytes sum0, ref TBytes sum1, ref TBytes sum2, ref TBytes sum3)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        TBytes p0 = TBytes.MultiplyPairs(w0, x), p1 = TBytes.MultiplyPairs(w1, x), p2 = TBytes.MultiplyPairs(w2, x), p3 = TBytes.MultiplyPairs(w3, x);
        sum0 = TBytes.AddShorts(p0, sum0);
        sum1 = TBytes.AddShorts(p1, sum1);
        sum2 = TBytes.AddShorts(p2, sum2);
        sum3 = TBytes.AddShorts(p3, sum3);
    }

    /// <summary>With zero points, -zero * (sum of the row's bytes) is added first: whole numbers below 2^24, hence exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Scaled<TLanes, TBytes, TVariant>(TBytes sums, byte* scales, int block, in BlockActivations row, int group, TLanes y)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TVariant : IBlockVariant
    {
        var sum = TBytes.SumShorts(sums);
        if (TVariant.HasZeroPoints)
        {
            var negatives = TBytes.LoadSingles((sbyte*)scales + (Outputs * sizeof(float)) + (block * Lanes));
            sum = TLanes.MultiplyAdd(negatives, TLanes.Broadcast(((float*)row.Offsets)[group]), sum);
        }

        return TLanes.MultiplyAdd(TLanes.Multiply(sum, TLanes.Load((float*)scales + (block * Lanes))), TLanes.Broadcast(row.Scales[group]), y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TLanes Start<TLanes>(float* y, int block)
        where TLanes : unmanaged, ILanes<TLanes> => Accumulate ? TLanes.Load(y + (block * Lanes)) : TLanes.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End<TLanes>(float* y, TLanes y0, TLanes y1, TLanes y2, TLanes y3)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        TLanes.Store(y0, y);
        TLanes.Store(y1, y + Lanes);
        TLanes.Store(y2, y + (2 * Lanes));
        TLanes.Store(y3, y + (3 * Lanes));
    }
}
