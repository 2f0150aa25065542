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
internal unsafe struct RmsNormCall(float* x, float* y, int width, RmsNormWork* works) : ISimdCall, IRowCall
{
    private const int Lanes = 16;

    private readonly float* _x = x;
    private readonly float* _y = y;
    private readonly RmsNormWork* _works = works;
    private readonly long _rowCost = (long)width * 2 * sizeof(float);
    private RowPlan _plan;

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
                _works[_plan.Segments++] = new RmsNormWork
                {
                    RowStart = segment.RowStart, Rows = rows, Epsilon = weights.Epsilon, IsAdded = weights.IsAdded, Scale = weights.Scale,
                    Values = weights.Values, Start = _plan.Total,
                };
                _plan.Total += rows * _rowCost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (RmsNormCall* state = &this)
        {
            _plan.Tasks = WorkSplit.Tasks(_plan.Total, parallel.Threads);
            RowLoop.Run<RmsNormCall, TLanes>(state, parallel);
        }
    }

    readonly RowPlan IRowCall.Plan => _plan;

    readonly RowShare IRowCall.Share(int segment) => new(_works[segment].Rows, _rowCost, _works[segment].Start);

    readonly void IRowCall.Row<TLanes>(int segment, int row)
    {
        ref readonly var work = ref _works[segment];
        var at = (nint)(work.RowStart + row) * width;
        var source = _x + at;
        var target = _y + at;
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
