using System.Diagnostics;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Composition.Blocks;
using AdapterServe.AdapterStore.Composition.Merging;
using AdapterServe.AdapterStore.Uploads;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition;

/// <summary>
/// Weights for requests that name several adapters.
/// <b>Effects</b>: any thread; allocates and computes off the engine's thread.
/// <b>Errors</b>: Unservable <c>not_additive</c>, <c>merge_form</c>, <c>merge_rank</c>, <c>merge_kind</c>, <c>merge_too_costly</c>; TooLarge <c>adapters_too_large</c>,
/// <c>merge_too_large</c>; what loading reports.
/// </summary>
public sealed class AdapterCompositions : IDisposable
{
    private readonly StoreCore _core;
    private readonly AdapterUploads _uploads;
    private readonly CompositionPool _pool;

    internal AdapterCompositions(StoreCore core, AdapterUploads uploads)
    {
        (_core, _uploads) = (core, uploads);
        _pool = new CompositionPool(core.Cache);
    }

    /// <summary>
    /// The weights of a mixture, kept in memory until the lease is disposed. Equal sums in use are one object; a merge is computed once and stays in the cache as long as an
    /// adapter would.
    /// </summary>
    public async Task<AdapterLease> AcquireAsync(AdapterMixture mixture, CancellationToken cancellationToken)
    {
        if (mixture.Alone is { } version)
        {
            return RequireWhole(await _core.Cache.AcquireAsync(version, cancellationToken).ConfigureAwait(false), version);
        }

        return await (mixture.Merge is null ? SumAsync(mixture, cancellationToken) : MergeAsync(mixture, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>The weights of a composition, as those of a mixture. <b>Errors</b>: also Unservable <c>not_composable</c>.</summary>
    public async Task<AdapterLease> AcquireAsync(AdapterBlock block, CancellationToken cancellationToken)
    {
        SingleBlock[] leaves = [.. block.Leaves];
        return await _pool.AcquireAsync(block.Digest(), [.. leaves.Select(leaf => leaf.Version)], Compose, cancellationToken).ConfigureAwait(false);

        FormWeights[]?[] Compose(AdapterWeights[] weights) =>
            BlockLowering.Lower(block, leaf => weights[Array.FindIndex(leaves, other => ReferenceEquals(other, leaf))], _core.BaseModel);
    }

    /// <summary>
    /// Keeps all adapters of these in memory until the result is disposed, so that acquiring one after the other never waits for room while it holds
    /// the first.
    /// <b>Errors</b>: TooLarge <c>adapters_too_large</c>.
    /// </summary>
    public async Task<IDisposable> PinAsync(
        IEnumerable<AdapterMixture> mixtures, IEnumerable<AdapterBlock> blocks, CancellationToken cancellationToken)
    {
        var mixed = mixtures.SelectMany(mixture => mixture.Parts, (mixture, part) => mixture.Merge is null ? part.Version : part.Version.Exactly());
        var versions = mixed.Concat(blocks.SelectMany(block => block.Leaves, (_, leaf) => leaf.Version));
        return await _pool.PinAsync([.. versions.DistinctBy(version => version.WeightsDigest)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Merges once and uploads the result as an adapter's new version, a PEFT LoRA; a sum is stored as <c>cat</c>, which is the same function.
    /// <b>Errors</b>: also those of an upload.
    /// </summary>
    public async Task<UploadResult> StoreAsync(Caller caller, string name, AdapterMixture mixture, string? ifMatch, CancellationToken cancellationToken)
    {
        AdapterNames.RequireTenant(caller.Tenant);
        AdapterNames.RequireAdapterName(name, _core.BaseModel.Id);
        using var files = _uploads.Begin();
        var merged = await ComputeAsync(mixture, isForRequest: false, cancellationToken).ConfigureAwait(false);
        await MergedFiles.WriteAsync(files, merged, _core.BaseModel.Id, cancellationToken).ConfigureAwait(false);
        return await _uploads.PutAsync(caller, name, files, ifMatch, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _pool.Dispose();

    private static AdapterLease RequireWhole(AdapterLease lease, AdapterVersion version)
    {
        if (!lease.Weights.NeedsOthers)
        {
            return lease;
        }

        lease.Dispose();
        throw BlockErrors.NotComposable($"'{version.Name}' is the attention of an AdapterFusion, which mixes other adapters and is none itself; name it in 'fusion' beside them.");
    }

    private Task<AdapterLease> SumAsync(AdapterMixture mixture, CancellationToken cancellationToken)
    {
        return _pool.AcquireAsync(mixture.Digest(), [.. mixture.Parts.Select(part => part.Version)], Sum, cancellationToken);

        FormWeights[]?[] Sum(AdapterWeights[] weights) => WeightedSum.Of(
            [.. mixture.Parts.Zip(weights, (part, own) => new WeightedAdapter(part.Name, own, part.Weight, part.WithAbs))], _core.BaseModel.Sites.Length);
    }

    private async Task<AdapterLease> MergeAsync(AdapterMixture mixture, CancellationToken cancellationToken)
    {
        var digest = mixture.Digest();
        if (_core.Cache.TryAcquire(digest) is { } known)
        {
            return known;
        }

        var started = Stopwatch.GetTimestamp();
        var merged = await ComputeAsync(mixture, isForRequest: true, cancellationToken).ConfigureAwait(false);
        _core.Loader.RequireSize(merged.Sum(site => (long)(site.A.Length + site.B.Length) * sizeof(float)));
        var weights = MergedWeights.Pack(digest, merged, _core.BaseModel.Sites.Length);
        weights.LoadTime = Stopwatch.GetElapsedTime(started);

        // When this wait is given up, others may still want the load, so the weights are left to it, or to their finaliser.
        var lease = await _core.Cache.AcquireAsync(digest, weights.Bytes, () => weights, holdsOthers: true, cancellationToken).ConfigureAwait(false);
        if (!ReferenceEquals(lease.Weights, weights))
        {
            weights.Dispose();
        }

        return lease;
    }

    private async Task<IReadOnlyList<MergedSite>> ComputeAsync(AdapterMixture mixture, bool isForRequest, CancellationToken cancellationToken)
    {
        RequireLora(mixture);
        using var place = await _core.EnterVerificationAsync(cancellationToken).ConfigureAwait(false);
        using var pins = await _pool.PinAsync([.. mixture.Parts.Select(part => part.Version.Exactly())], cancellationToken).ConfigureAwait(false);
        return await Task.Run(Compute, cancellationToken).ConfigureAwait(false);

        IReadOnlyList<MergedSite> Compute()
        {
            var merge = new AdapterMerge(mixture, pins.Weights);
            if (isForRequest)
            {
                MergeCost.RequireServable(merge, _core.BaseModel, mixture.Merge!);
            }

            return merge.Run(_core.BaseModel, cancellationToken);
        }
    }

    /// <summary>Factors mean something by themselves only as a LoRA's file has them; those of other kinds are this server's own choice.</summary>
    private void RequireLora(AdapterMixture mixture)
    {
        if (mixture.Merge?.Method.Space != MergeSpace.Factors)
        {
            return;
        }

        foreach (var part in mixture.Parts)
        {
            var kind = _core.Snapshot.Find(part.Version.Tenant, part.Version.Name)?.Find($"{part.Version.Number}")?.Descriptor?.Kind;
            if (kind is not (null or "lora"))
            {
                throw StoreErrors.Unservable(
                    "merge_kind", $"'{part.Name}' is of the kind {kind} and '{mixture.Merge.Method.Name}' combines a LoRA's own factors; take a method that ends in svd, or cat.");
            }
        }
    }
}
