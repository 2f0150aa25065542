using System.Collections.Immutable;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Blocks;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>The adapters of a request, pinned once for all of its sequences. Dispose when every sequence has taken its own.</summary>
internal sealed class SharedAdapters : IDisposable
{
    private readonly ImmutableArray<(int FromToken, SharedLease? Lease)> _spans;

    private SharedAdapters(ImmutableArray<(int FromToken, SharedLease? Lease)> spans) => _spans = spans;

    public static async Task<SharedAdapters> AcquireAsync(ServingModel model, ImmutableArray<AdapterSpan> spans, CancellationToken cancellationToken)
    {
        var leases = new List<(int FromToken, SharedLease? Lease)>(spans.Length);
        using var together = await PinTogetherAsync(model, spans, cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var (fromToken, mixture, block) in spans)
            {
                var lease = block is not null ? await model.Store.Compositions.AcquireAsync(block, cancellationToken).ConfigureAwait(false)
                    : mixture is not null ? await model.Store.Compositions.AcquireAsync(mixture, cancellationToken).ConfigureAwait(false)
                    : null;
                leases.Add((fromToken, lease is null ? null : new SharedLease(lease)));
                RequirePlace(fromToken, lease?.Weights.VirtualTokens is not null);
            }

            return new SharedAdapters([.. leases]);
        }
        catch
        {
            leases.ForEach(span => span.Lease?.Dispose());
            throw;
        }
    }

    /// <summary>What stands before every prompt.</summary>
    public int VirtualTokens => _spans[0].Lease?.Weights.VirtualTokens?.Count ?? 0;

    /// <summary>Gives a request the adapters of its own.</summary>
    public GenerationRequest Into(GenerationRequest request) => request with
    {
        Adapter = _spans[0].Lease?.Take(),
        LaterAdapters = [.. _spans.Skip(1).Select(span => new LaterAdapter(span.FromToken, span.Lease?.Take()))],
    };

    public void Dispose()
    {
        foreach (var (_, lease) in _spans)
        {
            lease?.Dispose();
        }
    }

    /// <summary>Null where there are no two adapters.</summary>
    private static async Task<IDisposable?> PinTogetherAsync(ServingModel model, ImmutableArray<AdapterSpan> spans, CancellationToken cancellationToken)
    {
        AdapterMixture[] mixtures = [.. spans.Select(span => span.Mixture).OfType<AdapterMixture>()];
        AdapterBlock[] blocks = [.. spans.Select(span => span.Block).OfType<AdapterBlock>()];
        return mixtures.Length + blocks.Length > 1
            ? await model.Store.Compositions.PinAsync(mixtures, blocks, cancellationToken).ConfigureAwait(false)
            : null;
    }

    private static void RequirePlace(int fromToken, bool hasVirtualTokens)
    {
        if (fromToken > 0 && hasVirtualTokens)
        {
            throw ApiException.Invalid("adapters", "An adapter with virtual tokens stands before the whole prompt; it takes no 'from_token'.");
        }
    }
}
