using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One call of <see cref="BlockQuantizedProduct"/>: rows are quantised and shrunk, then shared out in units of (tile of 64 outputs, chunk of rows). A unit asks for the
/// factors B of its outputs, multiplies, and expands while its sums are in the first cache.
/// </summary>
internal unsafe struct BlockQuantizedProductCall : IByteSimdCall
{
    private const int Outputs = BlockProductLayout.TileOutputs;
    private const int Lanes = 16;

    /// <summary>Bytes of weights that take the time of so many multiply-adds: a group's codes and scales for one output, by ten.</summary>
    private const long TenthsOfBytes = 6;

    /// <summary>Multiply-adds of bytes take four tenths of the time of those of f32.</summary>
    private const long TenthsOfProducts = 4;
    private const long QuantizeCost = 8;

    private readonly float* _x;
    private readonly int _rows;
    private readonly BlockProductLayout _layout;
    private readonly int _chunks;
    private readonly nint _rowBytes;
    private readonly BlockLinearWork* _linears;
    private readonly int _count;
    private readonly byte* _quantized;
    private readonly byte* _scratch;
    private readonly nint _scratchBytes;
    private readonly int _units;
    private readonly long _shrinkTotal;
    private readonly bool _isGated;
    private int _rowTasks;
    private int _tasks;
    private long _total;
    private long _unitCost;

    public BlockQuantizedProductCall(
        float* x, int rows, ReadOnlySpan<BlockLinear> linears, ReadOnlySpan<LowRankSegment> segments, byte* workspace)
    {
        _x = x;
        (_rows, _layout, _count) = (rows, linears[0].Weights.Layout, linears.Length);
        _chunks = (rows + BlockUnit.ChunkRows - 1) / BlockUnit.ChunkRows;
        _rowBytes = BlockActivations.RowBytes(_layout.Groups);
        var memory = new WorkspaceCursor(workspace);
        _linears = (BlockLinearWork*)memory.Take(linears.Length * (long)sizeof(BlockLinearWork));
        for (var i = 0; i < linears.Length; i++)
        {
            ref var work = ref _linears[i];
            var own = segments[..linears[i].Segments];
            segments = segments[linears[i].Segments..];
            var lowRank = (LowRankWork*)memory.Take(LowRank.WorkspaceBytes(own, _layout.InFeatures));
            work = new BlockLinearWork { Linear = linears[i], FirstUnit = _units };
            work.LowRank = new LowRankCall(x, _layout.InFeatures, work.Linear.Output, work.Linear.Weights.Layout.OutFeatures, lowRank);
            work.LowRank.Plan(own);
            _units += linears[i].Weights.Layout.Tiles * _chunks;
            _shrinkTotal += work.LowRank.ShrinkTotal;
            _isGated |= work.LowRank.IsGated;
        }

        _quantized = memory.Take(rows * (long)_rowBytes);
        _scratchBytes = (nint)ScratchBytes(linears);
        _scratch = memory.Take(0);
    }

    public static long WorkspaceBytes(int rows, ReadOnlySpan<BlockLinear> linears, ReadOnlySpan<LowRankSegment> segments, int threads)
    {
        var memory = new WorkspaceCursor(null);
        memory.Take(linears.Length * (long)sizeof(BlockLinearWork));
        var first = 0;
        foreach (var linear in linears)
        {
            memory.Take(LowRank.WorkspaceBytes(segments.Slice(first, linear.Segments), linear.Weights.Layout.InFeatures));
            first += linear.Segments;
        }

        memory.Take(rows * (long)BlockActivations.RowBytes(linears[0].Weights.Layout.Groups));
        memory.Take(Math.Max(1, threads) * WorkSplit.TasksPerThread * ScratchBytes(linears));
        return memory.Bytes;
    }

    public void Run<TLanes, TBytes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        var products = TenthsOfProducts * Math.Min(_rows, BlockUnit.ChunkRows);
        _unitCost = (long)_layout.InFeatures * Outputs * ((TenthsOfBytes * WorkSplit.ByteCost) + products) / 10;
        _total = _units * _unitCost;
        _rowTasks = WorkSplit.Tasks(((long)_rows * _layout.InFeatures * QuantizeCost) + _shrinkTotal, parallel.Threads);
        _tasks = WorkSplit.Tasks(_total, parallel.Threads);
        fixed (BlockQuantizedProductCall* state = &this)
        {
            WorkSplit.For(_rowTasks, &RowTask<TLanes, TBytes>, state, parallel);
            if (_isGated)
            {
                WorkSplit.For(_rowTasks, &GateTask<TLanes>, state, parallel);
            }

            WorkSplit.For(_tasks, &Task<TLanes, TBytes>, state, parallel);
        }
    }

    private static long ScratchBytes(ReadOnlySpan<BlockLinear> linears)
    {
        var bytes = 0L;
        foreach (var linear in linears)
        {
            bytes = Math.Max(bytes, BlockUnit.ScratchBytes(linear.Weights.Layout));
        }

        return bytes;
    }

    /// <summary>Quantises its rows and does its part of the shrinks.</summary>
    private static void RowTask<TLanes, TBytes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        ref var call = ref *(BlockQuantizedProductCall*)state;
        var inFeatures = call._layout.InFeatures;
        var end = (int)WorkSplit.Boundary(call._rows, task + 1, call._rowTasks);
        for (var row = (int)WorkSplit.Boundary(call._rows, task, call._rowTasks); row < end; row++)
        {
            BlockActivations.At(call.Quantized(row), call._layout.Groups)
                .Quantize<TLanes, TBytes>(call._x + ((nint)row * inFeatures), inFeatures, call._layout.HasZeroPoints);
        }

        for (var i = 0; i < call._count; i++)
        {
            call._linears[i].LowRank.ShrinkPart<TLanes>(task, call._rowTasks);
        }
    }

    private static void GateTask<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(BlockQuantizedProductCall*)state;
        for (var i = 0; i < call._count; i++)
        {
            call._linears[i].LowRank.GatePart<TLanes>(task, call._rowTasks);
        }
    }

    private static void Task<TLanes, TBytes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        ref var call = ref *(BlockQuantizedProductCall*)state;
        var end = call.FirstUnit(task + 1);
        var scratch = call._scratch + (task * call._scratchBytes);
        for (var unit = call.FirstUnit(task); unit < end; unit++)
        {
            call.Unit<TLanes, TBytes>(unit, scratch);
        }
    }

    private readonly byte* Quantized(int row) => _quantized + (row * _rowBytes);

    private readonly int FirstUnit(int task) => WorkSplit.FirstUnit(WorkSplit.Boundary(_total, task, _tasks), 0, _unitCost, _units);

    private readonly ref BlockLinearWork LinearOf(int unit)
    {
        var linear = _count - 1;
        while (_linears[linear].FirstUnit > unit)
        {
            linear--;
        }

        return ref _linears[linear];
    }

    private readonly void Unit<TLanes, TBytes>(int unit, byte* scratch)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        ref var work = ref LinearOf(unit);
        var (tile, row) = ((unit - work.FirstUnit) / _chunks, (unit - work.FirstUnit) % _chunks * BlockUnit.ChunkRows);
        var layout = work.Linear.Weights.Layout;
        var product = new BlockUnit
        {
            Layout = layout,
            Weights = (byte*)work.Linear.Weights.Start + (tile * (nint)layout.TileBytes),
            Quantized = Quantized(row),
            RowBytes = _rowBytes,
            Rows = Math.Min(BlockUnit.ChunkRows, _rows - row),
            Sums = (float*)scratch,
        };
        work.LowRank.AskForTile(row, product.Rows, tile * Outputs);
        product.Run<TLanes, TBytes>();
        Finish<TLanes>(work, tile * Outputs, row, product.Rows, (float*)scratch);
    }

    /// <summary>y = sums + bias + what the segments add, for the outputs that there are.</summary>
    private static void Finish<TLanes>(in BlockLinearWork work, int column, int row, int rows, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var outFeatures = work.Linear.Weights.Layout.OutFeatures;
        var width = Math.Min(Outputs, outFeatures - column);
        if (work.Linear.Bias != 0)
        {
            for (var i = 0; i < rows; i++)
            {
                AddBias<TLanes>(sums + (i * Outputs), (float*)work.Linear.Bias + column, width);
            }
        }

        work.LowRank.ExpandTile<TLanes>(row, rows, column, sums, Outputs);
        var y = work.Linear.Output + ((nint)row * outFeatures) + column;
        for (var i = 0; i < rows; i++, sums += Outputs, y += outFeatures)
        {
            Buffer.MemoryCopy(sums, y, width * sizeof(float), width * sizeof(float));
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
