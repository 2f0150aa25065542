using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One call of <see cref="BlockQuantizedProduct.Apply"/>: rows are quantised, then shared out in units of (tile of 64 outputs, chunk of rows).
/// A unit unpacks some records at a time into scratch that stays in the first cache, for all its rows; few rows read them as they are packed.
/// </summary>
internal unsafe struct BlockQuantizedProductCall(
    float* x, int rows, BlockProductWeights weights, float* bias, float* y, byte* workspace) : IByteSimdCall
{
    private const int ChunkRows = 64;
    private const int Outputs = BlockProductLayout.TileOutputs;
    private const int Lanes = 16;

    /// <summary>Up to this many, a tile's codes are read once, from the first to the last.</summary>
    private const int RowsOfOnePass = 2;

    /// <summary>Up to this many, a tile's codes are unpacked in registers.</summary>
    private const int FewRows = 4;

    /// <summary>What is unpacked at once: 8 KiB of codes, or one record.</summary>
    private const int SlabGroups = 4;

    /// <summary>Bytes of weights that take the time of so many multiply-adds: a group's codes and scales for one output, by ten.</summary>
    private const long TenthsOfBytes = 6;

    /// <summary>Multiply-adds of bytes take four tenths of the time of those of f32.</summary>
    private const long TenthsOfProducts = 4;
    private const long QuantizeCost = 8;

    private readonly BlockProductLayout _layout = weights.Layout;
    private readonly byte* _weights = (byte*)weights.Start;
    private readonly nint _rowBytes = BlockActivations.RowBytes(weights.Layout.Groups);
    private readonly int _chunks = (rows + ChunkRows - 1) / ChunkRows;
    private int _rowTasks;
    private int _tasks;
    private long _total;
    private long _unitCost;

    private readonly int Units => _layout.Tiles * _chunks;

    /// <summary>Records that a pass takes.</summary>
    private static int SlabRecords(in BlockProductLayout layout) => Math.Max(1, SlabGroups / layout.GroupsPerRecord);

    private static int UnpackedRecordBytes(in BlockProductLayout layout) => (2 * layout.CodeBytes) + layout.ScaleBytes;

    /// <summary>A task's sums and slab.</summary>
    private static long ScratchBytes(in BlockProductLayout layout) =>
        (ChunkRows * Outputs * sizeof(float)) + ((((long)SlabRecords(layout) * UnpackedRecordBytes(layout)) + 63) & ~63L);

    public static long WorkspaceBytes(in BlockProductLayout layout, int rows, int threads) =>
        63 + (rows * (long)BlockActivations.RowBytes(layout.Groups)) + (Math.Max(1, threads) * WorkSplit.TasksPerThread * ScratchBytes(layout));

    public void Run<TLanes, TBytes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        _unitCost = (long)_layout.InFeatures * Outputs * ((TenthsOfBytes * WorkSplit.ByteCost) + (TenthsOfProducts * Math.Min(rows, ChunkRows))) / 10;
        _total = Units * _unitCost;
        _rowTasks = Math.Min(rows, WorkSplit.Tasks((long)rows * _layout.InFeatures * QuantizeCost, parallel.Threads));
        _tasks = WorkSplit.Tasks(_total, parallel.Threads);
        fixed (BlockQuantizedProductCall* state = &this)
        {
            For(parallel, _rowTasks, &QuantizeTask<TLanes, TBytes>, state);
            For(parallel, _tasks, &Task<TLanes, TBytes>, state);
        }
    }

    private static void For(IParallel parallel, int tasks, delegate*<void*, int, void> body, void* state)
    {
        if (tasks == 1)
        {
            body(state, 0);
        }
        else
        {
            parallel.For(tasks, body, state);
        }
    }

    private readonly byte* Quantized => (byte*)(((nint)workspace + 63) & ~63);

    private readonly BlockActivations Row(int row) => BlockActivations.At(Quantized + (row * _rowBytes), _layout.Groups);

    private static void QuantizeTask<TLanes, TBytes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        ref var call = ref *(BlockQuantizedProductCall*)state;
        var end = call.FirstRow(task + 1);
        for (var row = call.FirstRow(task); row < end; row++)
        {
            call.Quantize<TLanes, TBytes>(row);
        }
    }

    private readonly int FirstRow(int task) => (int)((long)rows * task / _rowTasks);

    private readonly void Quantize<TLanes, TBytes>(int row)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes> =>
        Row(row).Quantize<TLanes, TBytes>(x + ((nint)row * _layout.InFeatures), _layout.InFeatures, _layout.HasZeroPoints);

    private static void Task<TLanes, TBytes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        ref var call = ref *(BlockQuantizedProductCall*)state;
        var end = call.FirstUnit(task + 1);
        var scratch = call.Quantized + (call.Rows * call._rowBytes) + (task * (nint)ScratchBytes(call._layout));
        for (var unit = call.FirstUnit(task); unit < end; unit++)
        {
            var (tile, row) = (unit / call._chunks, unit % call._chunks * ChunkRows);
            var count = Math.Min(ChunkRows, call.Rows - row);
            if (call._layout.HasZeroPoints)
            {
                call.Unit<TLanes, TBytes, OneRowWithZeros, TwoRowsWithZeros>(tile, row, count, (float*)scratch);
            }
            else
            {
                call.Unit<TLanes, TBytes, OneRow, TwoRows>(tile, row, count, (float*)scratch);
            }

            call.Finish<TLanes>(tile, row, count, (float*)scratch);
        }
    }

    private readonly int Rows => rows;

    private readonly int FirstUnit(int task) => WorkSplit.FirstUnit(WorkSplit.Boundary(_total, task, _tasks), 0, _unitCost, Units);

    private readonly void Unit<TLanes, TBytes, TOne, TTwo>(int tile, int row, int count, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TOne : IBlockVariant
        where TTwo : IBlockVariant
    {
        var source = _weights + (tile * (nint)_layout.TileBytes);
        var slab = (byte*)(sums + (ChunkRows * Outputs));
        var records = count <= RowsOfOnePass ? _layout.Records : SlabRecords(_layout);
        var step = records * _layout.GroupsPerRecord;
        var pass = new BlockTile { GroupsPerRecord = _layout.GroupsPerRecord, YA = sums };
        for (var group = 0; group < _layout.Groups; group += step)
        {
            (pass.Groups, pass.Accumulate) = (Math.Min(step, _layout.Groups - group), group > 0);
            var ahead = source + (records * (nint)_layout.RecordBytes);
            if (count <= FewRows)
            {
                pass.Record = source;
                pass.RecordBytes = _layout.RecordBytes;
                Pass<TLanes, TBytes, PackedSource, TOne, TTwo>(pass, row, count, group, ahead);
            }
            else
            {
                Unpack<TLanes, TBytes>(source, slab, (pass.Groups + _layout.GroupsPerRecord - 1) / _layout.GroupsPerRecord);
                pass.Record = slab;
                pass.RecordBytes = UnpackedRecordBytes(_layout);
                Pass<TLanes, TBytes, UnpackedSource, TOne, TTwo>(pass, row, count, group, ahead);
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
            var end = source + _layout.CodeBytes;
            for (; source < end; source += PackedSource.EightBytes, slab += UnpackedSource.EightBytes)
            {
                PackedSource.Load<TLanes, TBytes>(source, out var first, out var second);
                TBytes.Store(first, slab);
                TBytes.Store(second, slab + (UnpackedSource.EightBytes / 2));
            }

            Buffer.MemoryCopy(source, slab, _layout.ScaleBytes, _layout.ScaleBytes);
            source += _layout.ScaleBytes;
            slab += _layout.ScaleBytes;
        }
    }

    /// <summary>Some records of a tile with all rows of a chunk, two at a time, while the next records are on their way from memory.</summary>
    private readonly void Pass<TLanes, TBytes, TSource, TOne, TTwo>(BlockTile tile, int row, int count, int group, byte* ahead)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
        where TSource : IBlockSource
        where TOne : IBlockVariant
        where TTwo : IBlockVariant
    {
        var aheadBytes = count <= RowsOfOnePass ? 0 : SlabRecords(_layout) * _layout.RecordBytes;
        for (var i = 0; i < count; i += 2)
        {
            var asked = aheadBytes * i / count;
            Prefetch.Lines(ahead + asked, (aheadBytes * Math.Min(i + 2, count) / count) - asked);
            tile.A = Row(row + i).From(group);
            if (i + 1 < count)
            {
                tile.B = Row(row + i + 1).From(group);
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

    /// <summary>y = sums + bias, for the outputs that there are.</summary>
    private readonly void Finish<TLanes>(int tile, int row, int count, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var column = tile * Outputs;
        var width = Math.Min(Outputs, _layout.OutFeatures - column);
        for (var i = 0; i < count; i++, sums += Outputs)
        {
            if (bias != null)
            {
                AddBias<TLanes>(sums, bias + column, width);
            }

            Buffer.MemoryCopy(sums, y + ((nint)(row + i) * _layout.OutFeatures) + column, width * sizeof(float), width * sizeof(float));
        }
    }

    private static void AddBias<TLanes>(float* sums, float* bias, int width)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var output = 0;
        for (; output + Lanes <= width; output += Lanes)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(sums + output), TLanes.Load(bias + output)), sums + output);
        }

        for (; output < width; output++)
        {
            sums[output] += bias[output];
        }
    }
}
