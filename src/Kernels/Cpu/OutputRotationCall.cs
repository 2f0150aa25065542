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
internal unsafe struct OutputRotationCall(float* y, int width, OutputRotationWork* works) : ISimdCall, IRowCall
{
    private const int Lanes = 16;

    private readonly float* _y = y;
    private readonly OutputRotationWork* _works = works;
    private readonly long _rowCost = (long)width * 2 * sizeof(float);
    private RowPlan _plan;

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
                _works[_plan.Segments++] = new OutputRotationWork
                {
                    RowStart = segment.RowStart, Rows = rows, Group = weights.Group, Own = weights.Own, Other = weights.Other, Start = _plan.Total,
                };
                _plan.Total += rows * _rowCost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (OutputRotationCall* state = &this)
        {
            _plan.Tasks = WorkSplit.Tasks(_plan.Total, parallel.Threads);
            RowLoop.Run<OutputRotationCall, TLanes>(state, parallel);
        }
    }

    readonly RowPlan IRowCall.Plan => _plan;

    readonly RowShare IRowCall.Share(int segment) => new(_works[segment].Rows, _rowCost, _works[segment].Start);

    readonly void IRowCall.Row<TLanes>(int segment, int row)
    {
        ref readonly var work = ref _works[segment];
        var half = work.Group / 2;
        for (var at = 0; at < width; at += work.Group)
        {
            Group<TLanes>(_y + ((nint)(work.RowStart + row) * width) + at, work.Own + at, work.Other + at, half);
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
