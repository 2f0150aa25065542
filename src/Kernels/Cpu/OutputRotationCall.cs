using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="OutputRotationCall"/> see it.</summary>
internal unsafe struct OutputRotationWork
{
    public int RowStart;
    public int Rows;
    public int Group;
    public float* Own;
    public float* Other;
    public long Start;
}

/// <summary>One call of <see cref="OutputRotation.Apply"/>, shared out in rows.</summary>
internal unsafe struct OutputRotationCall(float* y, int width, OutputRotationWork* works) : ISimdCall
{
    private const int Lanes = 16;

    private readonly float* _y = y;
    private readonly OutputRotationWork* _works = works;
    private readonly long _rowCost = (long)width * 2 * sizeof(float);
    private int _segments;
    private long _total;
    private int _tasks;

    public void Plan(ReadOnlySpan<OutputRotationSegment> segments)
    {
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            Shape.RequireRange("OutputRotation", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("OutputRotation", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("OutputRotation", "width of the weights", width, segment.Weights.OutFeatures);
            if (rows > 0)
            {
                var weights = segment.Weights;
                _works[_segments++] = new OutputRotationWork
                {
                    RowStart = segment.RowStart, Rows = rows, Group = weights.Group, Own = weights.Own, Other = weights.Other, Start = _total,
                };
                _total += rows * _rowCost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (OutputRotationCall* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(OutputRotationCall*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var end = WorkSplit.FirstUnit(to, work.Start, call._rowCost, work.Rows);
            for (var row = WorkSplit.FirstUnit(from, work.Start, call._rowCost, work.Rows); row < end; row++)
            {
                call.Row<TLanes>(work.RowStart + row, work);
            }
        }
    }

    private readonly void Row<TLanes>(int row, in OutputRotationWork work)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var half = work.Group / 2;
        for (var at = 0; at < width; at += work.Group)
        {
            Group<TLanes>(_y + ((nint)row * width) + at, work.Own + at, work.Other + at, half);
        }
    }

    private static void Group<TLanes>(float* y, float* own, float* other, int half)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var i = 0;
        for (; i <= half - Lanes; i += Lanes)
        {
            var (first, second) = (TLanes.Load(y + i), TLanes.Load(y + half + i));
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(other + i), second, TLanes.Multiply(TLanes.Load(own + i), first)), y + i);
            TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(other + half + i), first, TLanes.Multiply(TLanes.Load(own + half + i), second)), y + half + i);
        }

        for (; i < half; i++)
        {
            var (first, second) = (y[i], y[half + i]);
            y[i] = TLanes.MultiplyAdd(other[i], second, own[i] * first);
            y[half + i] = TLanes.MultiplyAdd(other[half + i], first, own[half + i] * second);
        }
    }
}
