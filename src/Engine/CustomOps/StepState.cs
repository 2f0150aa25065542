using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.CustomOps.Forms;

namespace AdapterServe.Engine.CustomOps;

/// <summary>What the ops of one session share while a step runs.</summary>
internal sealed class StepState : IDisposable
{
    public StepState(ImmutableArray<Site> sites, StepAdapterBatch adapters, int maxSegments, int threads)
    {
        (Sites, Adapters) = (sites, adapters);
        Forms = new SiteForms(maxSegments, Workspace, adapters);
        SavedInput = new SavedRows(maxSegments);
        Parallel = new OrtParallel(threads);
    }

    public ImmutableArray<Site> Sites { get; }

    public StepAdapterBatch Adapters { get; }

    public Workspace Workspace { get; } = new();

    public SiteForms Forms { get; }

    public SavedRows SavedInput { get; }

    public OrtParallel Parallel { get; }

    public void Dispose()
    {
        Workspace.Dispose();
        SavedInput.Dispose();
    }
}
