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
internal unsafe struct EmbeddingRowsCall(long* ids, float* y, int width, EmbeddingWork* works) : ISimdCall
{
    private readonly long* _ids = ids;
    private readonly float* _y = y;
    private readonly EmbeddingWork* _works = works;
    private int _segments;
    private long _total;
    private int _tasks;

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
                _works[_segments++] = new EmbeddingWork { RowStart = segment.RowStart, Rows = rows, Table = table, RowCost = cost, Start = _total };
                _total += rows * cost;
            }
        }
    }

    public void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        fixed (EmbeddingRowsCall* state = &this)
        {
            _tasks = WorkSplit.Tasks(_total, parallel.Threads);
            WorkSplit.For(_tasks, &Task<TLanes>, state, parallel);
        }
    }

    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(EmbeddingRowsCall*)state;
        var from = WorkSplit.Boundary(call._total, task, call._tasks);
        var to = WorkSplit.Boundary(call._total, task + 1, call._tasks);
        for (var i = 0; i < call._segments; i++)
        {
            ref var work = ref call._works[i];
            var end = WorkSplit.FirstUnit(to, work.Start, work.RowCost, work.Rows);
            for (var row = WorkSplit.FirstUnit(from, work.Start, work.RowCost, work.Rows); row < end; row++)
            {
                call.Row<TLanes>(work.RowStart + row, work.Table);
            }
        }
    }

    private readonly void Row<TLanes>(int row, in EmbeddingTable table)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var rows = new EmbeddingTableRow(_ids[row], _y + ((nint)row * width), width);
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
