using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="RmsNormCall"/> see it.</summary>
internal unsafe struct RmsNormWork
{
    public int RowStart;
    public int Rows;
    public float Epsilon;
    public bool IsAdded;
    public float Scale;
    public float* Values;
    public long Start;
}

/// <summary>One call of <see cref="RmsNorm.Apply"/>, shared out in rows.</summary>
internal unsafe struct RmsNormCall(float* x, float* y, int width, RmsNormWork* works) : ISimdCall
{
    private const int Lanes = 16;

    private readonly float* _x = x;
    private readonly float* _y = y;
    private readonly RmsNormWork* _works = works;
    private readonly long _rowCost = (long)width * 2 * sizeof(float);
    private int _segments;
    private long _total;
    private int _tasks;

    public void Plan(ReadOnlySpan<RmsNormSegment> segments)
    {
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            Shape.RequireRange("RmsNorm", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("RmsNorm", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("RmsNorm", "width of the weights", width, segment.Weights.InFeatures);
            if (rows > 0)
            {
                var weights = segment.Weights;
                _works[_segments++] = new RmsNormWork
                {
                    RowStart = segment.RowStart, Rows = rows, Epsilon = weights.Epsilon, IsAdded = weights.IsAdded, Scale = weights.Scale,
                    Values = weights.Values, Start = _total,
                };
                _total += rows * _rowCost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (RmsNormCall* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(RmsNormCall*)state;
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

    private readonly void Row<TLanes>(int row, in RmsNormWork work)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var source = _x + ((nint)row * width);
        var target = _y + ((nint)row * width);
        var factor = 1 / MathF.Sqrt((SumOfSquares<TLanes>(source) / width) + work.Epsilon);
        var (factors, scales) = (TLanes.Broadcast(factor), TLanes.Broadcast(work.Scale));
        var i = 0;
        for (; i <= width - Lanes; i += Lanes)
        {
            var scaled = TLanes.Multiply(TLanes.Multiply(TLanes.Load(source + i), factors), TLanes.Load(work.Values + i));
            TLanes.Store(work.IsAdded ? TLanes.Add(TLanes.Load(target + i), TLanes.Multiply(scales, scaled)) : scaled, target + i);
        }

        for (; i < width; i++)
        {
            var scaled = source[i] * factor * work.Values[i];
            target[i] = work.IsAdded ? target[i] + (work.Scale * scaled) : scaled;
        }
    }

    private readonly float SumOfSquares<TLanes>(float* source)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var sums = TLanes.Zero;
        var i = 0;
        for (; i <= width - Lanes; i += Lanes)
        {
            var values = TLanes.Load(source + i);
            sums = TLanes.MultiplyAdd(values, values, sums);
        }

        var sum = TLanes.Sum(sums);
        for (; i < width; i++)
        {
            sum += source[i] * source[i];
        }

        return sum;
    }
}
