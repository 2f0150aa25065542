using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// Cuts a list of works, each made of equal units, into tasks of equal cost: task t of T owns the units whose cost starts in
/// [t, t + 1) * total / T. Nothing is stored; every task finds its own units.
/// <b>Units</b>: cost in multiply-adds of one row with one weight; reading a byte of weights counts as <see cref="ByteCost"/>.
/// </summary>
internal static class WorkSplit
{
    /// <summary>A core reads 4 to 8 bytes of weights in the time of one sixteen-lane multiply-add.</summary>
    public const int ByteCost = 4;

    public const int TasksPerThread = 4;

    /// <summary>Of reading one element.</summary>
    public static int ElementCost(WeightType type) => type == WeightType.Bit ? 1 : type.ElementBytes() * ByteCost;

    // Handing a task to another thread costs microseconds; this is about ten of them.
    private const long TaskCost = 1L << 19;

    /// <summary>1 when the work is too small to share.</summary>
    public static int Tasks(long total, int threads)
    {
        if (threads <= 1 || total <= TaskCost)
        {
            return 1;
        }

        return (int)Math.Clamp(total / (TaskCost / 2), 2, (long)threads * TasksPerThread);
    }

    /// <summary>Runs every task, a single one on this thread without asking others.</summary>
    public static unsafe void For(int tasks, delegate*<void*, int, void> task, void* state, IParallel parallel)
    {
        if (tasks == 1)
        {
            task(state, 0);
        }
        else
        {
            parallel.For(tasks, task, state);
        }
    }

    public static long Boundary(long total, int task, int tasks) => (long)((Int128)total * task / tasks);

    /// <summary>The first unit, of those that start at <paramref name="start"/> + i * <paramref name="unitCost"/>, at or after a boundary.</summary>
    public static int FirstUnit(long boundary, long start, long unitCost, int units)
    {
        var units64 = (boundary - start + unitCost - 1) / unitCost;
        return boundary <= start ? 0 : (int)Math.Min(units64, units);
    }
}
