using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>A segment as the tasks of <see cref="EmbeddingRowsCall"/> see it.</summary>
internal struct EmbeddingWork
{
    public int RowStart;
    public int Rows;
    public EmbeddingTable Table;
    public long RowCost;
    public long Start;
}

/// <summary>One call of <see cref="EmbeddingRows.Apply"/>, shared out in rows.</summary>
internal unsafe struct EmbeddingRowsCall(long* ids, float* y, int width, EmbeddingWork* works) : ISimdCall, IRowCall
{
    private readonly long* _ids = ids;
    private readonly float* _y = y;
    private readonly EmbeddingWork* _works = works;
    private RowPlan _plan;

    public void Plan(ReadOnlySpan<EmbeddingSegment> segments)
    {
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            Shape.RequireRange("EmbeddingRows", "row start", 0, int.MaxValue, segment.RowStart);
            Shape.RequireRange("EmbeddingRows", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
            Shape.Require("EmbeddingRows", "width of the weights", width, segment.Weights.OutFeatures);
            if (rows > 0)
            {
                var table = segment.Weights.Table;
                var cost = (long)width * (sizeof(float) + table.Rank);
                _works[_plan.Segments++] = new EmbeddingWork { RowStart = segment.RowStart, Rows = rows, Table = table, RowCost = cost, Start = _plan.Total };
                _plan.Total += rows * cost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (EmbeddingRowsCall* state = &this)
        {
            _plan.Tasks = WorkSplit.Tasks(_plan.Total, parallel.Threads);
            RowLoop.Run<EmbeddingRowsCall, TLanes>(state, parallel);
        }
    }

    readonly RowPlan IRowCall.Plan => _plan;

    readonly RowShare IRowCall.Share(int segment) => new(_works[segment].Rows, _works[segment].RowCost, _works[segment].Start);

    readonly void IRowCall.Row<TLanes>(int segment, int row)
    {
        ref readonly var table = ref _works[segment].Table;
        var at = _works[segment].RowStart + row;
        var rows = new EmbeddingTableRow(_ids[at], _y + ((nint)at * width), width);
        switch (table.Kind, table.Type, table.HasNarrowColumns)
        {
            case (EmbeddingTableKind.Replaced, WeightType.F32, _):
                rows.Replace<TLanes, F32Element>(table);
                break;
            case (EmbeddingTableKind.Replaced, _, _):
                rows.Replace<TLanes, BF16Element>(table);
                break;
            case (EmbeddingTableKind.LowRank, WeightType.F32, _):
                rows.AddLowRank<TLanes, F32Element>(table);
                break;
            case (EmbeddingTableKind.LowRank, _, _):
                rows.AddLowRank<TLanes, BF16Element>(table);
                break;
            case (_, WeightType.F32, true):
                rows.AddSparse<F32Narrow>(table);
                break;
            case (_, WeightType.F32, false):
                rows.AddSparse<F32Wide>(table);
                break;
            case (_, _, true):
                rows.AddSparse<BF16Narrow>(table);
                break;
            default:
                rows.AddSparse<BF16Wide>(table);
                break;
        }
    }
}
