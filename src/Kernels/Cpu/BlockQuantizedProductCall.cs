using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One call of <see cref="BlockQuantizedProduct"/>: rows are quantised and shrunk, then shared out in units of (tile of 64 outputs, chunk of rows).
/// A unit asks for the
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
    private readonly byte* _weights;
    private readonly BlockProductLayout _layout;
    private readonly float* _bias;
    private readonly float* _y;
    private readonly int _chunks;
    private readonly nint _rowBytes;
    private readonly byte* _quantized;
    private readonly byte* _scratch;
    private LowRankCall _lowRank;
    private int _rowTasks;
    private int _tasks;
    private long _total;
    private long _unitCost;

    public BlockQuantizedProductCall(
        float* x, int rows, in BlockProductWeights weights, float* bias, float* y, ReadOnlySpan<LowRankSegment> segments, byte* workspace)
    {
        _x = x;
        _rows = rows;
        _weights = (byte*)weights.Start;
        _layout = weights.Layout;
        _bias = bias;
        _y = y;
        _chunks = (rows + BlockUnit.ChunkRows - 1) / BlockUnit.ChunkRows;
        _rowBytes = BlockActivations.RowBytes(_layout.Groups);
        var memory = new WorkspaceCursor(workspace);
        _quantized = memory.Take(rows * (long)_rowBytes);
        var works = (LowRankWork*)memory.Take(LowRank.WorkspaceBytes(segments, _layout.InFeatures));
        _scratch = memory.Take(0);
        _lowRank = new LowRankCall(x, _layout.InFeatures, y, _layout.OutFeatures, works);
        _lowRank.Plan(segments);
    }

    private readonly int Units => _layout.Tiles * _chunks;

    public static long WorkspaceBytes(in BlockProductLayout layout, int rows, ReadOnlySpan<LowRankSegment> segments, int threads)
    {
        var memory = new WorkspaceCursor(null);
        memory.Take(rows * (long)BlockActivations.RowBytes(layout.Groups));
        memory.Take(LowRank.WorkspaceBytes(segments, layout.InFeatures));
        memory.Take(Math.Max(1, threads) * WorkSplit.TasksPerThread * BlockUnit.ScratchBytes(layout));
        return memory.Bytes;
    }

    public void Run<TLanes, TBytes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        var products = TenthsOfProducts * Math.Min(_rows, BlockUnit.ChunkRows);
        _unitCost = (long)_layout.InFeatures * Outputs * ((TenthsOfBytes * WorkSplit.ByteCost) + products) / 10;
        _total = Units * _unitCost;
        _rowTasks = WorkSplit.Tasks(((long)_rows * _layout.InFeatures * QuantizeCost) + _lowRank.ShrinkTotal, parallel.Threads);
        _tasks = WorkSplit.Tasks(_total, parallel.Threads);
        fixed (BlockQuantizedProductCall* state = &this)
        {
            WorkSplit.For(_rowTasks, &RowTask<TLanes, TBytes>, state, parallel);
            if (_lowRank.IsGated)
            {
                WorkSplit.For(_rowTasks, &GateTask<TLanes>, state, parallel);
            }

            WorkSplit.For(_tasks, &Task<TLanes, TBytes>, state, parallel);
        }
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

        call._lowRank.ShrinkPart<TLanes>(task, call._rowTasks);
    }

    private static void GateTask<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(BlockQuantizedProductCall*)state;
        call._lowRank.GatePart<TLanes>(task, call._rowTasks);
    }

    private static void Task<TLanes, TBytes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        ref var call = ref *(BlockQuantizedProductCall*)state;
        var end = call.FirstUnit(task + 1);
        var scratch = call._scratch + (task * (nint)BlockUnit.ScratchBytes(call._layout));
        for (var unit = call.FirstUnit(task); unit < end; unit++)
        {
            call.Unit<TLanes, TBytes>(unit / call._chunks, unit % call._chunks * BlockUnit.ChunkRows, (float*)scratch);
        }
    }

    private readonly byte* Quantized(int row) => _quantized + (row * _rowBytes);

    private readonly int FirstUnit(int task) => WorkSplit.FirstUnit(WorkSplit.Boundary(_total, task, _tasks), 0, _unitCost, Units);

    private readonly void Unit<TLanes, TBytes>(int tile, int row, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        var product = new BlockUnit
        {
            Layout = _layout,
            Weights = _weights + (tile * (nint)_layout.TileBytes),
            Quantized = Quantized(row),
            RowBytes = _rowBytes,
            Rows = Math.Min(BlockUnit.ChunkRows, _rows - row),
            Sums = sums,
        };
        _lowRank.AskForTile(row, product.Rows, tile * Outputs);
        product.Run<TLanes, TBytes>();
        Finish<TLanes>(tile * Outputs, row, product.Rows, sums);
    }

    /// <summary>y = sums + bias + what the segments add, for the outputs that there are.</summary>
    private readonly void Finish<TLanes>(int column, int row, int rows, float* sums)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var width = Math.Min(Outputs, _layout.OutFeatures - column);
        for (var i = 0; i < rows && _bias != null; i++)
        {
            AddBias<TLanes>(sums + (i * Outputs), _bias + column, width);
        }

        _lowRank.ExpandTile<TLanes>(row, rows, column, sums, Outputs);
        var y = _y + ((nint)row * _layout.OutFeatures) + column;
        for (var i = 0; i < rows; i++, sums += Outputs, y += _layout.OutFeatures)
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
