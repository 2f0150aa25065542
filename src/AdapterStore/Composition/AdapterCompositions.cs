using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>
/// Weights for requests that name several adapters.
/// <b>Effects</b>: any thread; allocates and computes off the engine's thread.
/// <b>Errors</b>: Unservable <c>not_additive</c>; TooLarge <c>adapters_too_large</c>; what loading reports.
/// </summary>
public sealed class AdapterCompositions : IDisposable
{
    private readonly StoreCore _core;
    private readonly CompositionPool _pool;

    internal AdapterCompositions(StoreCore core)
    {
        _core = core;
        _pool = new CompositionPool(core.Cache);
    }

    /// <summary>The weights of a mixture, kept in memory until the lease is disposed; equal mixtures in use are one object.</summary>
    public Task<AdapterLease> AcquireAsync(AdapterMixture mixture, CancellationToken cancellationToken) =>
        mixture.Alone is { } version ? _core.Cache.AcquireAsync(version, cancellationToken).AsTask() : SumAsync(mixture, cancellationToken);

    public void Dispose() => _pool.Dispose();

    private Task<AdapterLease> SumAsync(AdapterMixture mixture, CancellationToken cancellationToken)
    {
        return _pool.AcquireAsync(mixture.Digest(), [.. mixture.Parts.Select(part => part.Version)], Sum, cancellationToken);

        Kernels.Weights.FormWeights[]?[] Sum(AdapterWeights[] weights) => WeightedSum.Of(
            [.. mixture.Parts.Zip(weights, (part, own) => new WeightedAdapter(part.Name, own, part.Weight, part.WithAbs))], _core.BaseModel.Sites.Length);
    }
}
