using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>Several adapters that stay in memory until this is disposed.</summary>
internal sealed class AdapterPins(AdapterLease[] leases) : IDisposable
{
    public AdapterWeights[] Weights { get; } = Array.ConvertAll(leases, lease => lease.Weights);

    public void Dispose()
    {
        foreach (var lease in leases)
        {
            lease.Dispose();
        }
    }
}
