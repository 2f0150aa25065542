using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="LowRankCall"/> see it: plain memory, with its place in the two sequences of work.</summary>
internal unsafe struct LowRankWork
{
    public int RowStart;
    public int Rows;
    public int Rank;
    public WeightType Type;
    public float Scale;
    public RankGate Gate;
    public void* A;
    public void* B;

    /// <summary>What v is multiplied with for A behind the shrink and for B behind the gate, [Rank]; null: nothing.</summary>
    public float* AScales;
    public float* BScales;

    /// <summary>The segment's first row of x, rows padded to sixteen floats.</summary>
    public float* X;

    /// <summary>A x, [Rows, Rank].</summary>
    public float* V;
    public int ShrinkUnits;
    public int ExpandUnits;
    public long ShrinkUnitCost;
    public long ExpandUnitCost;
    public long ShrinkStart;
    public long ExpandStart;
}

/// <summary>
/// One call of <see cref="LowRank.Add"/>. When no segment is large, a task takes whole segments; otherwise all shrinks are shared out
/// first, in units of (row chunk, rank group), then all gates by rows, then all expands, in units of (row chunk, output panel).
/// </summary>
internal unsafe struct LowRankCall(float* x, int inFeatures, float* y, int outFeatures, LowRankWork* works) : ISimdCall
{
    private const int ShrinkRows = 16;
    private const int ExpandRows = 64;
    private const int ExpandWidth = Packing.PanelWidth;

    private readonly float* _y = y;
    private readonly LowRankWork* _works = works;
    private readonly int _paddedIn = Packing.RoundUp(inFeatures);
    private long _shrinkTotal;
    private long _expandTotal;
    private long _largest;
    private bool _isGated;
    private int _tasks;

    public int Segments { get; private set; }

    public void Plan(ReadOnlySpan<LowRankSegment> segments)
    {
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            Shape.RequireRange("LowRank", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("LowRank", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("LowRank", "in features of the weights", inFeatures, segment.Weights.InFeatures);
            Shape.Require("LowRank", "out features of the weights", outFeatures, segment.Weights.OutFeatures);
            if (rows > 0)
            {
                Plan(segment, rows, ref _works[Segments]);
                Segments++;
            }
        }

        var v = (float*)(((nint)(_works + Segments) + 63) & ~63);
        for (var i = 0; i < Segments; i++)
        {
            _works[i].V = v;
            v += (nint)_works[i].Rows * _works[i].Rank;
        }

        if (_paddedIn != inFeatures)
        {
            PadInput(v);
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (LowRankCall* state = &this)
        {
            var total = _shrinkTotal + _expandTotal;
            _tasks = WorkSplit.Tasks(total, parallel.Threads);
            if (_tasks == 1)
            {
                Whole<TLanes>(state, 0);
            }
            else if (_largest <= total / (2 * parallel.Threads))
            {
                parallel.For(_tasks, &Whole<TLanes>, state);
            }
            else
            {
                parallel.For(_tasks, &ShrinkTask<TLanes>, state);
                if (_isGated)
                {
                    parallel.For(_tasks, &GateTask<TLanes>, state);
                }

                parallel.For(_tasks, &ExpandTask<TLanes>, state);
            }
        }
    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

    private void Plan(in LowRankSegment segment, int rows, ref LowRankWork work)
    {
        var weights = segment.Weights;
        var weightCost = WorkSplit.ElementCost(weights.Type);
        work.RowStart = segment.RowStart;
        work.Rows = rows;
        work.Rank = weights.Rank;
        work.Type = weights.Type;
        work.Scale = weights.Scale;
        work.Gate = weights.Gate;
        _isGated |= !weights.Gate.IsOpen;
        work.A = weights.A;
        work.B = weights.B;
        work.AScales = weights.AScales;
        work.BScales = weights.BScales;
        work.X = x + ((nint)segment.RowStart * inFeatures);
        work.ShrinkUnits = Ceiling(rows, ShrinkRows) * Ceiling(weights.Rank, Packing.RankGroup);
        work.ShrinkUnitCost = (long)Math.Min(weights.Rank, Packing.RankGroup) * _paddedIn * (weightCost + Math.Min(rows, ShrinkRows));
        work.ShrinkStart = _shrinkTotal;
        work.ExpandUnits = Ceiling(rows, ExpandRows) * Ceiling(outFeatures, ExpandWidth);
        work.ExpandUnitCost = (long)weights.Rank * Math.Min(outFeatures, ExpandWidth) * (weightCost + Math.Min(rows, ExpandRows));
        work.ExpandStart = _expandTotal;
        var shrink = work.ShrinkUnits * work.ShrinkUnitCost;
        var expand = work.ExpandUnits * work.ExpandUnitCost;
        _shrinkTotal += shrink;
        _expandTotal += expand;
        _largest = Math.Max(_largest, shrink + expand);
    }

    /// <summary>Models have H divisible by 16; for the others one copy of x spares every tile a tail.</summary>
    private readonly void PadInput(float* padded)
    {
        for (var i = 0; i < Segments; i++)
        {
            ref var work = ref _works[i];
            var source = work.X;
            work.X = padded;
            for (var row = 0; row < work.Rows; row++, source += inFeatures)
            {
                new Span<float>(source, inFeatures).CopyTo(new Span<float>(padded, inFeatures));
                new Span<float>(padded + inFeatures, _paddedIn - inFeatures).Clear();
                padded += _paddedIn;
            }
        }
    }

    private static void Whole<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(LowRankCall*)state;
        var total = call._shrinkTotal + call._expandTotal;
        var from = WorkSplit.Boundary(total, task, call._tasks);
        var to = WorkSplit.Boundary(total, task + 1, call._tasks);
        for (var i = 0; i < call.Segments; i++)
        {
            ref var work = ref call._works[i];
            var start = work.ShrinkStart + work.ExpandStart;
            if (start >= from && start < to)
            {
                call.Shrink<TLanes>(ref work, 0, work.ShrinkUnits);
                Gate<TLanes>(ref work, 0, 1);
                call.Expand<TLanes>(ref work, 0, work.ExpandUnits);
            }
        }
    }

    private static void ShrinkTask<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(LowRankCall*)state;
        var from = WorkSplit.Boundary(call._shrinkTotal, task, call._tasks);
        var to = WorkSplit.Boundary(call._shrinkTotal, task + 1, call._tasks);
        for (var i = 0; i < call.Segments; i++)
        {
            ref var work = ref call._works[i];
            var first = WorkSplit.FirstUnit(from, work.ShrinkStart, work.ShrinkUnitCost, work.ShrinkUnits);
            var end = WorkSplit.FirstUnit(to, work.ShrinkStart, work.ShrinkUnitCost, work.ShrinkUnits);
            call.Shrink<TLanes>(ref work, first, end);
        }
    }

    private static void GateTask<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(LowRankCall*)state;
        for (var i = 0; i < call.Segments; i++)
        {
            Gate<TLanes>(ref call._works[i], task, call._tasks);
        }
    }

    /// <summary>The rows of one of so many tasks.</summary>
    private static void Gate<TLanes>(ref LowRankWork work, int task, int tasks)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (work.Gate.IsOpen)
        {
            return;
        }

        var end = WorkSplit.Boundary(work.Rows, task + 1, tasks);
        for (var row = WorkSplit.Boundary(work.Rows, task, tasks); row < end; row++)
        {
            var v = work.V + ((nint)row * work.Rank);
            RankGating.Apply<TLanes>(v, work.Rank, work.Gate, work.Scale);
            if (work.BScales != null)
            {
                Multiply<TLanes>(v, work.BScales, work.Rank);
            }
        }
    }

    private static void ExpandTask<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(LowRankCall*)state;
        var from = WorkSplit.Boundary(call._expandTotal, task, call._tasks);
        var to = WorkSplit.Boundary(call._expandTotal, task + 1, call._tasks);
        for (var i = 0; i < call.Segments; i++)
        {
            ref var work = ref call._works[i];
            var first = WorkSplit.FirstUnit(from, work.ExpandStart, work.ExpandUnitCost, work.ExpandUnits);
            var end = WorkSplit.FirstUnit(to, work.ExpandStart, work.ExpandUnitCost, work.ExpandUnits);
            call.Expand<TLanes>(ref work, first, end);
        }
    }

    /// <summary>v[r] *= scales[r].</summary>
    private static void Multiply<TLanes>(float* v, float* scales, int ranks)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var rank = 0;
        for (; rank <= ranks - Packing.Lanes; rank += Packing.Lanes)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Load(v + rank), TLanes.Load(scales + rank)), v + rank);
        }

        for (; rank < ranks; rank++)
        {
            v[rank] *= scales[rank];
        }
    }

    /// <summary>The ranks [rank, rank + ranks) of one row; those of B after the gate.</summary>
    private static void ScaleRanks<TLanes>(in LowRankWork work, float* v, int rank, int ranks)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        Multiply<TLanes>(v, work.AScales + rank, ranks);
        if (work.Gate.IsOpen)
        {
            Multiply<TLanes>(v, work.BScales + rank, ranks);
        }
    }

    private readonly void Shrink<TLanes>(ref LowRankWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        switch (work.Type)
        {
            case WeightType.F32:
                Shrink<TLanes, F32Element>(ref work, first, end);
                break;
            case WeightType.BF16:
                Shrink<TLanes, BF16Element>(ref work, first, end);
                break;
            case WeightType.Int8:
                Shrink<TLanes, Int8Element>(ref work, first, end);
                break;
            default:
                Shrink<TLanes, SignElement>(ref work, first, end);
                break;
        }
    }

    private readonly void Expand<TLanes>(ref LowRankWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        switch (work.Type)
        {
            case WeightType.F32:
                Expand<TLanes, F32Element>(ref work, first, end);
                break;
            case WeightType.BF16:
                Expand<TLanes, BF16Element>(ref work, first, end);
                break;
            case WeightType.Int8:
                Expand<TLanes, Int8Element>(ref work, first, end);
                break;
            default:
                Expand<TLanes, SignElement>(ref work, first, end);
                break;
        }
    }

    private readonly void Shrink<TLanes, TElement>(ref LowRankWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var groups = Ceiling(work.Rank, Packing.RankGroup);
        Dots dots;
        dots.Chunks = _paddedIn / 16;
        dots.XStride = _paddedIn;
        dots.VStride = work.Rank;
        dots.Scale = work.Gate.IsOpen ? work.Scale : 1;
        for (var unit = first; unit < end; unit++)
        {
            var row = unit / groups * ShrinkRows;
            var rank = unit % groups * Packing.RankGroup;
            dots.Ranks = Math.Min(Packing.RankGroup, work.Rank - rank);
            dots.Rows = Math.Min(ShrinkRows, work.Rows - row);
            dots.A = (byte*)work.A + TElement.BytesOf((nint)rank * _paddedIn);
            dots.X = work.X + ((nint)row * _paddedIn);
            dots.V = work.V + ((nint)row * work.Rank) + rank;
            dots.Run<TLanes, TElement>();
            for (var i = 0; work.AScales != null && i < dots.Rows; i++)
            {
                ScaleRanks<TLanes>(work, dots.V + (i * dots.VStride), rank, dots.Ranks);
            }
        }
    }

    private readonly void Expand<TLanes, TElement>(ref LowRankWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var columns = Ceiling(outFeatures, ExpandWidth);
        var panel = default(Panel);
        panel.BlockStride = 16;
        panel.Depth = work.Rank;
        panel.XStride = work.Rank;
        panel.YStride = outFeatures;
        panel.Accumulate = true;
        for (var unit = first; unit < end; unit++)
        {
            var row = unit / columns * ExpandRows;
            var column = unit % columns * ExpandWidth;
            panel.Rows = Math.Min(ExpandRows, work.Rows - row);
            panel.DepthStride = Packing.WidthAt(column, outFeatures);
            panel.W = (byte*)work.B + TElement.BytesOf((nint)column * work.Rank);
            panel.X = work.V + ((nint)row * work.Rank);
            panel.Y = _y + ((nint)(work.RowStart + row) * outFeatures) + column;
            panel.Run<TLanes, TElement>(Math.Min(ExpandWidth, outFeatures - column));
        }
    }
}
