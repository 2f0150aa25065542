using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>What a call that is shared out in rows has planned.</summary>
internal struct RowPlan
{
    public int Segments;
    public long Total;
    public int Tasks;
}

/// <summary>The rows [0, Rows) of a segment, each of the same cost; the first one's starts at Start.</summary>
internal readonly record struct RowShare(int Rows, long Cost, long Start);

/// <summary>A call that is shared out in rows.</summary>
internal interface IRowCall
{
    RowPlan Plan { get; }

    RowShare Share(int segment);

    void Row<TLanes>(int segment, int row)
        where TLanes : unmanaged, ILanes<TLanes>;
}

/// <summary>Runs a call row by row, the rows cut into tasks of equal cost.</summary>
internal static unsafe class RowLoop
{
    /// <param name="call">Stays where it is until all rows are done.</param>
    /// <param name="parallel">Who helps.</param>
    public static void Run<TCall, TLanes>(TCall* call, IParallel parallel)
        where TCall : unmanaged, IRowCall
        where TLanes : unmanaged, ILanes<TLanes> =>
        WorkSplit.For(call->Plan.Tasks, &Task<TCall, TLanes>, call, parallel);

    private static void Task<TCall, TLanes>(void* state, int task)
        where TCall : unmanaged, IRowCall
        where TLanes : unmanaged, ILanes<TLanes>
    {
        ref var call = ref *(TCall*)state;
        var plan = call.Plan;
        var from = WorkSplit.Boundary(plan.Total, task, plan.Tasks);
        var to = WorkSplit.Boundary(plan.Total, task + 1, plan.Tasks);
        for (var i = 0; i < plan.Segments; i++)
        {
            var share = call.Share(i);
            var end = WorkSplit.FirstUnit(to, share.Start, share.Cost, share.Rows);
            for (var row = WorkSplit.FirstUnit(from, share.Start, share.Cost, share.Rows); row < end; row++)
            {
                call.Row<TLanes>(i, row);
            }
        }
    }
}
