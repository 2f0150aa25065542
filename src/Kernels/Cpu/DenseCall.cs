using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="DenseCall"/> see it.</summary>
internal unsafe struct DenseWork
{
    public int RowStart;
    public int Rows;
    public WeightType Type;
    public DenseMode Mode;
    public void* W;

    /// <summary>The segment's rows of x, those of the caller or scaled ones in the workspace.</summary>
    public float* X;
    public int Units;
    public long UnitCost;
    public long Start;
}

/// <summary>One call of <see cref="Dense.Apply"/>, shared out in units of (row chunk, output panel).</summary>
internal unsafe struct DenseCall(float* x, int inFeatures, float* y, int outFeatures, DenseWork* works) : ISimdCall
{
    private const int UnitRows = 64;
    private const int UnitWidth = Packing.PanelWidth;

    private readonly float* _x = x;
    private readonly float* _y = y;
    private readonly DenseWork* _works = works;
    private int _segments;
    private long _total;
    private int _tasks;

    public void Plan(ReadOnlySpan<DenseSegment> segments)
    {
        var scaled = (float*)(_works + segments.Length);
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            Shape.RequireRange("Dense", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("Dense", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("Dense", "in features of the weights", inFeatures, segment.Weights.InFeatures);
            Shape.Require("Dense", "out features of the weights", outFeatures, segment.Weights.OutFeatures);
            if (rows == 0)
            {
                continue;
            }

            ref var work = ref _works[_segments++];
            work.RowStart = segment.RowStart;
            work.Rows = rows;
            work.Type = segment.Weights.Type;
            work.Mode = segment.Weights.Mode;
            work.W = segment.Weights.W;
            work.X = _x + ((nint)work.RowStart * inFeatures);
            if (segment.Weights.Scale != 1)
            {
                Scale(work.X, segment.Weights.Scale, scaled, (nint)rows * inFeatures);
                work.X = scaled;
                scaled += (nint)rows * inFeatures;
            }

            if (segment.Weights is { Mode: DenseMode.Add, Keep: not 1 } kept)
            {
                var target = _y + ((nint)work.RowStart * outFeatures);
                Scale(target, kept.Keep, target, (nint)rows * outFeatures);
            }

            work.Units = Ceiling(rows, UnitRows) * Ceiling(outFeatures, UnitWidth);
            work.UnitCost = (long)inFeatures * UnitWidth * ((work.Type.ElementBytes() * WorkSplit.ByteCost) + Math.Min(rows, UnitRows));
            work.Start = _total;
            _total += work.Units * work.UnitCost;
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (DenseCall* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Scale(float* source, float factor, float* target, nint count)
    {
        for (nint i = 0; i < count; i++)
        {
            target[i] = source[i] * factor;
        }
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(DenseCall*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var first = WorkSplit.FirstUnit(from, work.Start, work.UnitCost, work.Units);
            var end = WorkSplit.FirstUnit(to, work.Start, work.UnitCost, work.Units);
            if (work.Type == WeightType.F32)
            {
                call.Apply<TLanes, F32Element>(ref work, first, end);
            }
            else
            {
                call.Apply<TLanes, BF16Element>(ref work, first, end);
            }
        }
    }

    private readonly void Apply<TLanes, TElement>(ref DenseWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var columns = Ceiling(outFeatures, UnitWidth);
        var panel = default(Panel);
        panel.BlockStride = 16;
        panel.Depth = inFeatures;
        panel.XStride = inFeatures;
        panel.YStride = outFeatures;
        panel.Accumulate = work.Mode == DenseMode.Add;
        for (var unit = first; unit < end; unit++)
        {
            var row = unit / columns * UnitRows;
            var column = unit % columns * UnitWidth;
            panel.Rows = Math.Min(UnitRows, work.Rows - row);
            panel.DepthStride = Packing.WidthAt(column, outFeatures);
            panel.W = (byte*)work.W + TElement.BytesOf((nint)column * inFeatures);
            panel.X = work.X + ((nint)row * inFeatures);
            panel.Y = _y + ((nint)(work.RowStart + row) * outFeatures) + column;
            panel.Run<TLanes, TElement>(Math.Min(UnitWidth, outFeatures - column));
        }
    }
}
