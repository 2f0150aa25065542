using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Fusing;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Fused mode by the names of adapters. <b>Effects</b>: thread safe.</summary>
internal sealed class FusedAdapters(AdapterStorage store, FusedMode fused)
{
    private const string Tenant = "default";
    private const string State = "fused";

    /// <summary>What requests are served with from now on; null is the base, with every adapter beside it.</summary>
    public AdapterVersion? Version => fused.Target?.Version;

    /// <summary><b>Errors</b>: as <see cref="FusedMode.FuseAsync"/> and the cache's.</summary>
    /// <param name="version">What is to be fused.</param>
    /// <param name="cancellation">Ends the loading of its weights; a switch that has begun goes to its end.</param>
    /// <returns>How long no step could run.</returns>
    public async Task<TimeSpan> FuseAsync(AdapterVersion version, CancellationToken cancellation) =>
        await fused.FuseAsync(version, await store.Cache.AcquireAsync(version.Exactly(), cancellation).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>
    /// <b>Errors</b>: 409 <c>not_fused</c> where <paramref name="reference"/> does not mean what is fused; as <see cref="FusedMode.UnfuseAsync"/>.
    /// </summary>
    public async Task<(AdapterVersion Version, TimeSpan Time)> UnfuseAsync(string reference)
    {
        if (fused.Target is not { } target)
        {
            throw NotFused("No adapter is fused.");
        }

        var version = target.Version;
        return Means(reference, version)
            ? (version, await fused.UnfuseAsync(target).ConfigureAwait(false))
            : throw NotFused($"The adapter that is fused is '{version.Name}@{version.Number}'.");
    }

    /// <summary><b>Errors</b>: 409 <c>adapter_fused</c> for what would leave the fused version without its name.</summary>
    /// <param name="name">An adapter that is about to be deleted.</param>
    /// <param name="selector">The version of it, or null for all.</param>
    public void RequireDeletable(string name, string? selector)
    {
        if (Version is { } version && version.Name == name
            && (selector is null || Names(store.Catalog.Get(Tenant, name, $"{version.Number}"), selector)))
        {
            throw new ApiException(
                StatusCodes.Status409Conflict,
                ErrorCodes.AdapterFused,
                $"Version {version.Number} of '{name}' is fused into the base; unfuse it before it is deleted.");
        }
    }

    /// <summary>The descriptor as clients see it now.</summary>
    public AdapterDescriptor Shown(AdapterDescriptor adapter) => IsFused(adapter) ? adapter with { State = State } : adapter;

    public bool IsFused(AdapterDescriptor adapter) => Version is { } version && version.Name == adapter.Name && version.Number == adapter.Version;

    /// <summary>By its bare name also where that means a newer version, or nothing any more.</summary>
    private bool Means(string reference, AdapterVersion version) =>
        reference == version.Name || reference == $"{Tenant}/{version.Name}"
        || store.Catalog.Resolve(Tenant, reference).WeightsDigest == version.WeightsDigest;

    private static bool Names(AdapterDescriptor adapter, string selector) =>
        selector == $"{adapter.Version}" || selector == adapter.Digest || adapter.Aliases.Contains(selector);

    private static ApiException NotFused(string message) => new(StatusCodes.Status409Conflict, ErrorCodes.NotFused, message);
}
