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
internal unsafe struct VectorCall<TOperation>(float* y, int width, VectorWork* works) : ISimdCall, IRowCall
    where TOperation : IVectorOperation
{
    private const int Lanes = 16;

    private readonly float* _y = y;
    private readonly VectorWork* _works = works;
    private readonly long _rowCost = (long)width * sizeof(float);
    private RowPlan _plan;

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
                _works[_plan.Segments++] = new VectorWork { RowStart = segment.RowStart, Rows = rows, Values = segment.Weights.Values, Scale = segment.Weights.Scale, Start = _plan.Total };
                _plan.Total += rows * _rowCost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (VectorCall<TOperation>* state = &this)
        {
            _plan.Tasks = WorkSplit.Tasks(_plan.Total, parallel.Threads);
            RowLoop.Run<VectorCall<TOperation>, TLanes>(state, parallel);
        }
    }

    readonly RowPlan IRowCall.Plan => _plan;

    readonly RowShare IRowCall.Share(int segment) => new(_works[segment].Rows, _rowCost, _works[segment].Start);

    /// <summary>The values are scaled first, rounded, so that every path has the same bits; a scale of 1 rounds nothing.</summary>
    readonly void IRowCall.Row<TLanes>(int segment, int row)
    {
        ref readonly var work = ref _works[segment];
        var values = work.Values;
        var scale = work.Scale;
        var y = _y + ((nint)(work.RowStart + row) * width);
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
