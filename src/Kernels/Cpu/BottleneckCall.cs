using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// One call of <see cref="Bottleneck.Add"/>. When no segment is large, a task takes whole segments; otherwise the phases are shared out one after the
/// other: products in units of
/// rows by a group of ranks or a panel of outputs, everything else by rows.
/// </summary>
internal unsafe struct BottleneckCall(in BottleneckOperands operands, SequenceRows* sequences, BottleneckWork* works) : ISimdCall
{
    private const int ShrinkRows = 16;
    private const int ExpandRows = 64;

    private readonly BottleneckOperands _operands = operands;
    private readonly SequenceRows* _sequences = sequences;
    private readonly BottleneckWork* _works = works;
    private fixed long _totals[BottleneckWork.Phases];
    private long _largest;
    private int _segments;
    private int _tasks;
    private BottleneckPhase _phase;

    public void Plan(ReadOnlySpan<BottleneckSegment> segments, int sequenceCount)
    {
        var memory = (float*)(((nint)(_works + segments.Length) + BottleneckScratch.Alignment - 1) & -BottleneckScratch.Alignment);
        foreach (var segment in segments)
        {
            BottleneckArguments.Require(segment, _operands, _sequences, sequenceCount);
            if (segment.RowEnd > segment.RowStart)
            {
                var work = new BottleneckWork(segment);
                memory = work.Scratch.Take(segment.Weights, work.Rows, memory);
                PointToInput(ref work);
                PlanUnits(ref work);
                _works[_segments++] = work;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (BottleneckCall* state = &this)
        {
            var total = Total();
            _tasks = WorkSplit.Tasks(total, parallel.Threads);
            if (_tasks == 1)
            {
                WholeTask<TLanes>(state, 0);
            }
            else if (_largest <= total / (2 * parallel.Threads))
            {
                parallel.For(_tasks, &WholeTask<TLanes>, state);
            }
            else
            {
                RunPhases<TLanes>(state, parallel);
            }
        }

    }

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;

    private readonly void PointToInput(ref BottleneckWork work)
    {
        if (work.Scratch.Gathered != null)
        {
            work.H = work.Scratch.Gathered;
            work.HStride = Packing.RoundUp(work.InWidth);
            return;
        }

        work.HStride = work.Input == BottleneckInput.Output ? _operands.OutFeatures : _operands.InFeatures;
        var source = work.Input switch { BottleneckInput.Output => _operands.Y, BottleneckInput.Normed => _operands.Normed, _ => _operands.X };
        work.H = source + (work.RowStart * work.HStride) + work.InOffset;
    }

    private void PlanUnits(ref BottleneckWork work)
    {
        var (rows, rank, padded, weightCost) = (work.Rows, work.Rank, (long)Packing.RoundUp(work.InWidth), WorkSplit.ElementCost(work.Type));
        var prepares = work.Scratch.Gathered != null || work.Scratch.Sums != null;
        var cost = 0L;
        cost += Plan(ref work, BottleneckPhase.Prepare, prepares ? rows : 0, padded * 4);
        cost += Plan(
            ref work, BottleneckPhase.Shrink, Ceiling(rows, ShrinkRows) * Ceiling(rank, Packing.RankGroup),
            Math.Min(rank, Packing.RankGroup) * padded * (weightCost + Math.Min(rows, ShrinkRows)));
        cost += Plan(ref work, BottleneckPhase.Activate, rows, (long)work.Scratch.Stride * (16 + work.Convolution.Taps));
        cost += Plan(
            ref work, BottleneckPhase.Expand, Ceiling(rows, ExpandRows) * Ceiling(work.OutWidth, Packing.PanelWidth),
            (long)work.UpDepth * Math.Min(work.OutWidth, Packing.PanelWidth) * (weightCost + Math.Min(rows, ExpandRows)));
        cost += Plan(ref work, BottleneckPhase.Finish, work.Scratch.V != null ? rows : 0, (long)work.OutWidth * 8);
        _largest = Math.Max(_largest, cost);
    }

    private long Plan(ref BottleneckWork work, BottleneckPhase phase, int units, long unitCost)
    {
        work.Units[(int)phase] = units;
        work.UnitCost[(int)phase] = unitCost;
        work.Start[(int)phase] = _totals[(int)phase];
        _totals[(int)phase] += units * unitCost;
        return units * unitCost;
    }

    private readonly long Total()
    {
        var total = 0L;
        for (var phase = 0; phase < BottleneckWork.Phases; phase++)
        {
            total += _totals[phase];
        }

        return total;
    }

    private static void RunPhases<TLanes>(BottleneckCall* state, IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var phase = 0; phase < BottleneckWork.Phases; phase++)
        {
            (state->_phase, state->_tasks) = ((BottleneckPhase)phase, WorkSplit.Tasks(state->_totals[phase], parallel.Threads));
            WorkSplit.For(state->_tasks, &PhaseTask<TLanes>, state, parallel);
        }

        for (var i = 0; i < state->_segments; i++)
        {
            CausalConvolution.Remember(state->_works[i], state->_sequences);
        }
    }

    private static void WholeTask<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(BottleneckCall*)state;
        var total = call.Total();
        var from = WorkSplit.Boundary(total, task, call._tasks);
        var to = WorkSplit.Boundary(total, task + 1, call._tasks);
        var start = 0L;
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var isMine = start >= from && start < to;
            for (var phase = 0; phase < BottleneckWork.Phases; phase++)
            {
                start += work.Units[phase] * work.UnitCost[phase];
                if (isMine)
                {
                    call.RunUnits<TLanes>((BottleneckPhase)phase, ref work, 0, work.Units[phase]);
                }
            }

            if (isMine)
            {
                CausalConvolution.Remember(work, call._sequences);
            }
        }
    }

    private static void PhaseTask<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(BottleneckCall*)state;
        var phase = (int)call._phase;
        var from = WorkSplit.Boundary(call._totals[phase], task, call._tasks);
        var to = WorkSplit.Boundary(call._totals[phase], task + 1, call._tasks);
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var first = WorkSplit.FirstUnit(from, work.Start[phase], work.UnitCost[phase], work.Units[phase]);
            var end = WorkSplit.FirstUnit(to, work.Start[phase], work.UnitCost[phase], work.Units[phase]);
            call.RunUnits<TLanes>(call._phase, ref work, first, end);
        }
    }

    private readonly void RunUnits<TLanes>(BottleneckPhase phase, ref BottleneckWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        if (first >= end)
        {
            return;
        }

        switch (phase)
        {
            case BottleneckPhase.Prepare:
                BottleneckRows.Prepare<TLanes>(_operands, work, first, end);
                break;
            case BottleneckPhase.Shrink when work.Type == WeightType.F32:
                Shrink<TLanes, F32Element>(ref work, first, end);
                break;
            case BottleneckPhase.Shrink when work.Type == WeightType.BF16:
                Shrink<TLanes, BF16Element>(ref work, first, end);
                break;
            case BottleneckPhase.Shrink:
                Shrink<TLanes, BitElement>(ref work, first, end);
                break;
            case BottleneckPhase.Activate:
                BottleneckRows.Activate<TLanes>(work, _sequences, first, end);
                break;
            case BottleneckPhase.Expand when work.Type == WeightType.F32:
                Expand<TLanes, F32Element>(ref work, first, end);
                break;
            case BottleneckPhase.Expand when work.Type == WeightType.BF16:
                Expand<TLanes, BF16Element>(ref work, first, end);
                break;
            case BottleneckPhase.Expand:
                Expand<TLanes, BitElement>(ref work, first, end);
                break;
            default:
                BottleneckRows.Finish<TLanes>(_operands, work, first, end);
                break;
        }
    }

    private static void Shrink<TLanes, TElement>(ref BottleneckWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var groups = Ceiling(work.Rank, Packing.RankGroup);
        Dots dots;
        dots.Chunks = Packing.RoundUp(work.InWidth) / Packing.Lanes;
        dots.XStride = work.HStride;
        dots.VStride = work.Scratch.Stride;
        dots.Scale = work.Down.Step;
        for (var unit = first; unit < end; unit++)
        {
            var row = unit / groups * ShrinkRows;
            var rank = unit % groups * Packing.RankGroup;
            dots.Ranks = Math.Min(Packing.RankGroup, work.Rank - rank);
            dots.Rows = Math.Min(ShrinkRows, work.Rows - row);
            dots.A = (byte*)work.Down.Memory + TElement.BytesOf((nint)rank * dots.Chunks * Packing.Lanes);
            dots.X = work.H + (row * work.HStride);
            dots.V = work.Scratch.D + ((nint)row * work.Scratch.Stride) + rank;
            dots.Run<TLanes, TElement>();
            BottleneckRows.AddBias<TLanes>(work, row, dots.Rows, rank);
        }
    }

    private readonly void Expand<TLanes, TElement>(ref BottleneckWork work, int first, int end)
        where TLanes : unmanaged, ILanes<TLanes>
        where TElement : IElement
    {
        var columns = Ceiling(work.OutWidth, Packing.PanelWidth);
        var panel = default(Panel);
        panel.BlockStride = Packing.Lanes;
        panel.Depth = work.UpDepth;
        panel.XStride = work.Scratch.Stride;
        panel.Accumulate = work.Scratch.V == null;
        panel.YStride = panel.Accumulate ? _operands.OutFeatures : Packing.RoundUp(work.OutWidth);
        var y = panel.Accumulate ? _operands.Y + (work.RowStart * panel.YStride) + work.OutOffset : work.Scratch.V;
        for (var unit = first; unit < end; unit++)
        {
            var row = unit / columns * ExpandRows;
            var column = unit % columns * Packing.PanelWidth;
            panel.Rows = Math.Min(ExpandRows, work.Rows - row);
            panel.DepthStride = Packing.WidthAt(column, work.OutWidth);
            panel.W = (byte*)work.Up.Memory + TElement.BytesOf((nint)column * work.UpDepth);
            panel.X = work.Scratch.A + ((nint)row * work.Scratch.Stride);
            panel.Y = y + (row * panel.YStride) + column;
            panel.Run<TLanes, TElement>(Math.Min(Packing.PanelWidth, work.OutWidth - column));
        }
    }
}
