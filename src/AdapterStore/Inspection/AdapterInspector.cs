using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>
/// Looks into adapters' weights.
/// <b>Semantics</b>: one content is measured at a time, each site once; results are kept for the <see cref="KeptContents"/> contents asked for last. An answer comes within the time limit with what
/// is measured by then, and the next call goes on. What the adapter adds is measured exactly as the file has it, however it is held.
/// <b>Effects</b>: any thread; a lease on the weights while it measures.
/// <b>Errors</b>: those of the cache.
/// </summary>
public sealed class AdapterInspector : IDisposable
{
    private const int KeptContents = 32;

    private readonly AdapterCache _cache;
    private readonly BaseModel _base;
    private readonly SiteInspector _inspector;
    private readonly TimeSpan _limit;
    private readonly SemaphoreSlim _measuring = new(1, 1);
    private readonly Lock _gate = new();
    private readonly LinkedList<Content> _contents = new();

    internal AdapterInspector(AdapterCache cache, BaseModel baseModel, TimeSpan limit)
    {
        _cache = cache;
        _base = baseModel;
        _limit = limit;
        _inspector = new SiteInspector(new BaseMeasures(baseModel));
    }

    public async Task<AdapterInspection> InspectAsync(AdapterVersion version, CancellationToken cancellationToken)
    {
        var content = Find(version.WeightsDigest);
        if (!content.IsComplete)
        {
            await ContinueAsync(content, version, cancellationToken).ConfigureAwait(false);
        }

        ImmutableArray<InspectedSite> sites = [.. content.Sites.OfType<InspectedSite>()];
        return new AdapterInspection(
            version.Name, version.Number, version.Digest, content.IsComplete, content.Bytes, SiteInspector.LargestError(sites), sites, InspectionWarnings.Of(sites));
    }

    public void Dispose() => _measuring.Dispose();

    private async Task ContinueAsync(Content content, AdapterVersion version, CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(_limit);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token);
        try
        {
            using (var held = await _cache.AcquireAsync(version, limit.Token).ConfigureAwait(false))
            {
                content.Describe(_base, held.Weights);
            }

            using var lease = await _cache.AcquireAsync(version.Exactly(), limit.Token).ConfigureAwait(false);
            await _measuring.WaitAsync(limit.Token).ConfigureAwait(false);
            try
            {
                await Task.Run(() => content.Measure(_base, lease.Weights, _inspector, limit.Token), CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                _measuring.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The time is over: what is there is answered.
        }
    }

    private Content Find(string weightsDigest)
    {
        lock (_gate)
        {
            var content = _contents.FirstOrDefault(content => content.Digest == weightsDigest) ?? new Content(weightsDigest, _base.Sites.Length);
            _contents.Remove(content);
            _contents.AddFirst(content);
            if (_contents.Count > KeptContents)
            {
                _contents.RemoveLast();
            }

            return content;
        }
    }

    /// <summary>What is known of one content. Written under <see cref="_measuring"/> but for the descriptions, which are the same whoever writes them first.</summary>
    private sealed class Content(string digest, int sites)
    {
        private int _measured;

        public string Digest { get; } = digest;

        public InspectedSite?[] Sites { get; } = new InspectedSite?[sites];

        public long Bytes { get; private set; }

        public bool IsComplete => Volatile.Read(ref _measured) == Sites.Length;

        public void Describe(BaseModel baseModel, AdapterWeights weights)
        {
            Bytes = weights.Bytes;
            foreach (var site in baseModel.Sites)
            {
                if (weights.At(site.Index).Length + AddedAt(site, weights).Length > 0)
                {
                    Interlocked.CompareExchange(ref Sites[site.Index], SiteInspector.Describe(site, weights.At(site.Index), AddedAt(site, weights)), null);
                }
            }
        }

        public void Measure(BaseModel baseModel, AdapterWeights weights, SiteInspector inspector, CancellationToken cancellationToken)
        {
            for (var i = _measured; i < Sites.Length; i++)
            {
                var added = AddedAt(baseModel.Sites[i], weights);
                if (weights.At(i).Length + added.Length > 0)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Volatile.Write(ref Sites[i], inspector.Measure(baseModel.Sites[i], Sites[i]!, weights.At(i), cancellationToken));
                }

                Volatile.Write(ref _measured, i + 1);
            }
        }

        private static ReadOnlySpan<FormWeights> AddedAt(Site site, AdapterWeights weights) =>
            site.Kind == SiteKind.Head && weights.Vocabulary is { } vocabulary ? vocabulary.Head.AsSpan() : [];
    }
}
