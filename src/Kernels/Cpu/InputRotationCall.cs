using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>One factor of a segment as the tasks of <see cref="InputRotationCall"/> see it.</summary>
internal unsafe struct InputRotationWork
{
    public int RowStart;
    public int Rows;
    public PackedRotation Factor;
    public int Units;
    public long UnitCost;
    public long Start;
}

/// <summary>
/// One call of <see cref="InputRotation.Apply"/>, factor by factor, each shared out in units of (row chunk, block). A block reads and writes its own inputs alone,
/// so units are independent; a task copies a unit's inputs to memory of its own before it overwrites them.
/// </summary>
internal unsafe struct InputRotationCall : ISimdCall
{
    private const int UnitRows = 32;

    private readonly float* _x;
    private readonly int _width;
    private readonly InputRotationWork* _works;
    private readonly float* _scratch;
    private readonly long _taskScratch;
    private int _segments;
    private long _total;
    private int _tasks;

    public InputRotationCall(float* x, int width, InputRotationWork* works, ReadOnlySpan<InputRotationSegment> segments)
    {
        _x = x;
        _width = width;
        _works = works;
        _scratch = (float*)(((nint)(works + segments.Length) + 63) & ~63);
        var (rows, largest) = (0, 1);
        foreach (var segment in segments)
        {
            Shape.RequireRange("InputRotation", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("InputRotation", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("InputRotation", "width of the weights", width, segment.Weights.InFeatures);
            rows = Math.Max(rows, segment.RowEnd - segment.RowStart);
            foreach (ref readonly var factor in segment.Weights.Factors)
            {
                largest = Math.Max(largest, factor.BlockSize);
            }
        }

        _taskScratch = ScratchFloats(rows, largest);
    }

    /// <summary>A unit's inputs, and its outputs where they stand in another order.</summary>
    public static long ScratchFloats(int rows, int largestBlock) => 2L * Math.Min(rows, UnitRows) * Packing.RoundUp(largestBlock);

    /// <summary>Prepares the segments' factors of this number; false when no segment has one.</summary>
    public bool Plan(ReadOnlySpan<InputRotationSegment> segments, int factor)
    {
        (_segments, _total) = (0, 0);
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            if (rows == 0 || factor >= segment.Weights.Factors.Length)
            {
                continue;
            }

            ref var work = ref _works[_segments++];
            work.RowStart = segment.RowStart;
            work.Rows = rows;
            work.Factor = segment.Weights.Factors[factor];
            var elements = (long)work.Factor.BlockSize * Packing.RoundUp(work.Factor.BlockSize);
            work.Units = (rows + UnitRows - 1) / UnitRows * work.Factor.Blocks;
            work.UnitCost = elements * ((sizeof(float) * WorkSplit.ByteCost) + Math.Min(rows, UnitRows));
            work.Start = _total;
            _total += work.Units * work.UnitCost;
        }

        return _segments > 0;
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (InputRotationCall* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(InputRotationCall*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var end = WorkSplit.FirstUnit(to, work.Start, work.UnitCost, work.Units);
            for (var unit = WorkSplit.FirstUnit(from, work.Start, work.UnitCost, work.Units); unit < end; unit++)
            {
                call.Unit<TLanes>(ref work, unit, call._scratch + (task * call._taskScratch));
            }
        }
    }

    private readonly void Unit<TLanes>(ref InputRotationWork work, int unit, float* scratch)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref readonly var factor = ref work.Factor;
        var size = factor.BlockSize;
        var block = unit % factor.Blocks;
        var row = unit / factor.Blocks * UnitRows;
        var rows = Math.Min(UnitRows, work.Rows - row);
        var x = _x + ((nint)(work.RowStart + row) * _width);
        var order = factor.Order == null ? null : factor.Order + ((nint)block * size);
        var panel = default(Panel);
        panel.BlockStride = 16;
        panel.Depth = size;
        panel.X = scratch;
        panel.XStride = size;
        panel.Rows = rows;
        var values = factor.Values + (block * factor.BlockStride);
        if (order == null)
        {
            x += (nint)block * size;
            Take(x, scratch, rows, size);
            Multiply<TLanes>(panel, values, size, x, _width);
            return;
        }

        var outputs = scratch + (rows * size);
        Gather(x, order, scratch, rows, size);
        Multiply<TLanes>(panel, values, size, outputs, size);
        Scatter(outputs, order, x, rows, size);
    }

    private static void Multiply<TLanes>(Panel panel, float* values, int size, float* outputs, int stride)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        panel.YStride = stride;
        for (var column = 0; column < size; column += Packing.PanelWidth)
        {
            panel.DepthStride = Packing.WidthAt(column, size);
            panel.W = values + ((nint)column * size);
            panel.Y = outputs + column;
            panel.Run<TLanes, F32Element>(Math.Min(Packing.PanelWidth, size - column));
        }
    }

    private readonly void Take(float* x, float* inputs, int rows, int size)
    {
        for (var row = 0; row < rows; row++, x += _width, inputs += size)
        {
            new Span<float>(x, size).CopyTo(new Span<float>(inputs, size));
        }
    }

    private readonly void Gather(float* x, int* order, float* inputs, int rows, int size)
    {
        for (var row = 0; row < rows; row++, x += _width, inputs += size)
        {
            for (var i = 0; i < size; i++)
            {
                inputs[i] = x[order[i]];
            }
        }
    }

    private readonly void Scatter(float* outputs, int* order, float* x, int rows, int size)
    {
        for (var row = 0; row < rows; row++, x += _width, outputs += size)
        {
            for (var i = 0; i < size; i++)
            {
                x[order[i]] = outputs[i];
            }
        }
    }
}
