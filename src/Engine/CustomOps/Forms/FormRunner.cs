using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.CustomOps.Forms;

/// <summary>
/// Collects the segments that have one form at a site and runs the form's kernel once over all of them.
/// <b>Effects</b>: one site at a time; reused; allocates nothing in steady state.
/// </summary>
internal abstract unsafe class FormRunner
{
    public abstract bool IsEmpty { get; }

    public abstract void Add(int rowStart, int rowEnd, FormWeights weights);

    /// <summary>Applies what was added and forgets it.</summary>
    public abstract void Run(in SiteOperands operands, IParallel parallel);
}
