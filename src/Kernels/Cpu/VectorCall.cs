using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="VectorCall{TOperation}"/> see it.</summary>
internal unsafe struct VectorWork
{
    public int RowStart;
    public int Rows;
    public float* Values;
    public float Scale;
    public long Start;
}

/// <summary>One call of <see cref="ChannelScale"/> or <see cref="ChannelBias"/>, shared out in rows.</summary>
internal unsafe struct VectorCall<TOperation>(float* y, int width, VectorWork* works) : ISimdCall
    where TOperation : IVectorOperation
{
    private const int Lanes = 16;

    private readonly float* _y = y;
    private readonly VectorWork* _works = works;
    private readonly long _rowCost = (long)width * sizeof(float);
    private int _segments;
    private long _total;
    private int _tasks;

    public void Plan(string name, ReadOnlySpan<VectorSegment> segments)
    {
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            Shape.RequireRange(name, "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange(name, "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require(name, "width of the weights", width, segment.Weights.Width);
            if (rows > 0)
            {
                _works[_segments++] = new VectorWork { RowStart = segment.RowStart, Rows = rows, Values = segment.Weights.Values, Scale = segment.Weights.Scale, Start = _total };
                _total += rows * _rowCost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (VectorCall<TOperation>* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(VectorCall<TOperation>*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var end = WorkSplit.FirstUnit(to, work.Start, call._rowCost, work.Rows);
            for (var row = WorkSplit.FirstUnit(from, work.Start, call._rowCost, work.Rows); row < end; row++)
            {
                call.Row<TLanes>(work.RowStart + row, work.Values, work.Scale);
            }
        }
    }

    /// <summary>The values are scaled first, rounded, so that every path has the same bits; a scale of 1 rounds nothing.</summary>
    private readonly void Row<TLanes>(int row, float* values, float scale)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var y = _y + ((nint)row * width);
        var scales = TLanes.Broadcast(scale);
        var i = 0;
        for (; i <= width - Lanes; i += Lanes)
        {
            TLanes.Store(TOperation.Apply(TLanes.Load(y + i), TLanes.Multiply(TLanes.Load(values + i), scales)), y + i);
        }

        for (; i < width; i++)
        {
            y[i] = TOperation.Apply(y[i], values[i] * scale);
        }
    }
}
