using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Fusing;
using AdapterServe.Engine.Models;
using AdapterServe.Engine.Models.Graph;
using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Sessions;

namespace AdapterServe.Engine.CustomOps;

/// <summary>The custom ops of one session, under the domain <c>adapterserve</c>, and the state that they share.</summary>
internal sealed class AdapterServeOps : IDisposable
{
    private readonly StepState _step;

    public AdapterServeOps(
        OrtEnvironment environment, ImmutableArray<Site> sites, StepAdapterBatch adapters, KvFormat kvFormat, EngineOptions options,
        FusableBase? fusable = null)
    {
        _step = new StepState(sites, adapters, options.MaxRows, options.Threads);
        Domain = new CustomOpDomain(environment, GraphNames.OpDomain);
        Domain.Add(SiteInputOp.For(_step));
        Domain.Add(AttentionSiteOp.For(_step));
        Domain.Add(SiteOutputOp.For(_step));
        Domain.Add(EmbeddingSiteOp.For(_step));
        Domain.Add(SublayerSiteOp.For(_step));
        Domain.Add(PagedAttentionOp.For(_step, kvFormat));
        Domain.Add(new BlockQuantizedProductOp(_step.Workspace, _step.Parallel));
        if (fusable is not null)
        {
            Domain.Add(new FusableProductOp(fusable.At, _step.Workspace, _step.Parallel));
        }
    }

    public CustomOpDomain Domain { get; }

    public void Dispose()
    {
        Domain.Dispose();
        _step.Dispose();
    }
}
