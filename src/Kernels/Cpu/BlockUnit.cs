using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// The sums of a tile of 64 outputs for a chunk of rows, without bias. Some records at a time are unpacked into scratch that stays in the first
/// cache, for all of its
/// rows; few rows read them as they are packed.
/// </summary>
internal unsafe struct BlockUnit
{
    public const int ChunkRows = 64;
    private const int Outputs = BlockProductLayout.TileOutputs;

    /// <summary>Up to this many, a tile's codes are read once, from the first to the last.</summary>
    private const int RowsOfOnePass = 2;

    /// <summary>Up to this many, a tile's codes are unpacked in registers.</summary>
    private const int FewRows = 4;

    /// <summary>What is unpacked at once: 8 KiB of codes, or one record.</summary>
    private const int SlabGroups = 4;

    public BlockProductLayout Layout;

    /// <summary>The tile's first record.</summary>
    public byte* Weights;

    /// <summary>The chunk's first row, quantised.</summary>
    public byte* Quantized;
    public nint RowBytes;
    public int Rows;

    /// <summary>[rows, 64], and behind <see cref="ChunkRows"/> of them the slab.</summary>
    public float* Sums;

    /// <summary>Sums and slab.</summary>
    public static long ScratchBytes(in BlockProductLayout layout) =>
        (ChunkRows * Outputs * sizeof(float)) + ((((long)SlabRecords(layout) * UnpackedRecordBytes(layout)) + 63) & ~63L);

    public readonly void Run<TLanes, TBytes>()
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        if (Layout.HasZeroPoints)
        {
            Run<TLanes, TBytes, OneRowWithZeros, TwoRowsWithZeros>();
        }
        else
        {
            Run<TLanes, TBytes, OneRow, TwoRows>();
        }
    }

    /// <summary>Records that a pass takes.</summary>
    private static int SlabRecords(in BlockProductLayout layout) => Math.Max(1, SlabGroups / layout.GroupsPerRecord);

    private static int UnpackedRecordBytes(in BlockProductLayout layout) => (2 * layout.CodeBytes) + layout.ScaleBytes;

    private readonly void Run<TLanes, TBytes, TOne, TTwo>()
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TOne : IBlockVariant
        where TTwo : IBlockVariant
    {
        var source = Weights;
        var slab = (byte*)(Sums + (ChunkRows * Outputs));
        var records = Rows <= RowsOfOnePass ? Layout.Records : SlabRecords(Layout);
        var step = records * Layout.GroupsPerRecord;
        var pass = new BlockTile { GroupsPerRecord = Layout.GroupsPerRecord, YA = Sums };
        for (var group = 0; group < Layout.Groups; group += step)
        {
            (pass.Groups, pass.Accumulate) = (Math.Min(step, Layout.Groups - group), group > 0);
            var ahead = source + (records * (nint)Layout.RecordBytes);
            if (Rows <= FewRows)
            {
                pass.Record = source;
                pass.RecordBytes = Layout.RecordBytes;
                Pass<TLanes, TBytes, PackedSource, TOne, TTwo>(pass, group, ahead);
            }
            else
            {
                Unpack<TLanes, TBytes>(source, slab, (pass.Groups + Layout.GroupsPerRecord - 1) / Layout.GroupsPerRecord);
                pass.Record = slab;
                pass.RecordBytes = UnpackedRecordBytes(Layout);
                Pass<TLanes, TBytes, UnpackedSource, TOne, TTwo>(pass, group, ahead);
            }

            source = ahead;
        }
    }

    private readonly void Unpack<TLanes, TBytes>(byte* source, byte* slab, int records)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        for (var record = 0; record < records; record++)
        {
            var end = source + Layout.CodeBytes;
            for (; source < end; source += PackedSource.EightBytes, slab += UnpackedSource.EightBytes)
            {
                PackedSource.Load<TLanes, TBytes>(source, out var first, out var second);
                TBytes.Store(first, slab);
                TBytes.Store(second, slab + (UnpackedSource.EightBytes / 2));
            }

            Buffer.MemoryCopy(source, slab, Layout.ScaleBytes, Layout.ScaleBytes);
            source += Layout.ScaleBytes;
            slab += Layout.ScaleBytes;
        }
    }

    /// <summary>Some records with all rows, two at a time, while the next records are on their way from memory.</summary>
    private readonly void Pass<TLanes, TBytes, TSource, TOne, TTwo>(BlockTile tile, int group, byte* ahead)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TSource : IBlockSource
        where TOne : IBlockVariant
        where TTwo : IBlockVariant
    {
        var aheadBytes = Rows <= RowsOfOnePass ? 0 : SlabRecords(Layout) * Layout.RecordBytes;
        for (var i = 0; i < Rows; i += 2)
        {
            var asked = aheadBytes * i / Rows;
            Prefetch.Lines(ahead + asked, (aheadBytes * Math.Min(i + 2, Rows) / Rows) - asked);
            tile.A = Row(i, group);
            if (i + 1 < Rows)
            {
                tile.B = Row(i + 1, group);
                tile.YB = tile.YA + Outputs;
                tile.Run<TLanes, TBytes, TSource, TTwo>();
            }
            else
            {
                tile.Run<TLanes, TBytes, TSource, TOne>();
            }

            tile.YA += 2 * Outputs;
        }
    }

    private readonly BlockActivations Row(int row, int group) => BlockActivations.At(Quantized + (row * RowBytes), Layout.Groups).From(group);
}
