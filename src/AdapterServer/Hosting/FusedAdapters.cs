using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.Engine.Fusing;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Fused mode by the names of adapters. <b>Effects</b>: thread safe.</summary>
internal sealed class FusedAdapters(AdapterStorage store, FusedMode fused)
{
    private const string State = "fused";

    /// <summary>What requests are served with from now on; null is the base, with every adapter beside it.</summary>
    public AdapterVersion? Version => fused.Target?.Version;

    /// <summary><b>Errors</b>: as <see cref="FusedMode.FuseAsync"/> and the cache's.</summary>
    /// <param name="version">What is to be fused.</param>
    /// <param name="cancellation">Ends the loading of its weights; a switch that has begun goes to its end.</param>
    /// <returns>How long no step could run.</returns>
    public async Task<TimeSpan> FuseAsync(AdapterVersion version, CancellationToken cancellation) =>
        await fused.FuseAsync(version, await store.Cache.AcquireAsync(version.Exactly(), cancellation).ConfigureAwait(false)).ConfigureAwait(false);

    /// <summary>What is fused, where <paramref name="reference"/> means it to a tenant. <b>Errors</b>: 409 <c>not_fused</c> where it does not.</summary>
    public FusedTarget Find(string tenant, string reference)
    {
        var target = fused.Target ?? throw NotFused("No adapter is fused.");
        return Means(tenant, reference, target.Version)
            ? target
            : throw NotFused($"The adapter that is fused is '{target.Version.Name}@{target.Version.Number}'.");
    }

    /// <summary>As <see cref="FusedMode.UnfuseAsync"/>.</summary>
    public Task<TimeSpan> UnfuseAsync(FusedTarget target) => fused.UnfuseAsync(target);

    /// <summary><b>Errors</b>: 409 <c>adapter_fused</c> for what would leave the fused version without its name.</summary>
    /// <param name="tenant">Whose adapter is about to be deleted.</param>
    /// <param name="name">Its name.</param>
    /// <param name="selector">The version of it, or null for all.</param>
    public void RequireDeletable(string tenant, string name, string? selector)
    {
        if (Version is { } version && version.Name == name && version.Tenant == tenant && Names(version, selector))
        {
            throw new ApiException(
                StatusCodes.Status409Conflict,
                ErrorCodes.AdapterFused,
                $"Version {version.Number} of '{name}' is fused into the base; unfuse it before it is deleted.");
        }
    }

    /// <summary>The descriptor as clients see it now. One that is set aside stays so: requests for it are refused though it is fused.</summary>
    public AdapterDescriptor Shown(AdapterDescriptor adapter) =>
        IsFused(adapter) && adapter.State == AdapterStates.Ready ? adapter with { State = State } : adapter;

    /// <summary>The catalog's list by the states that clients see: what is fused is not <c>ready</c> there.</summary>
    public IReadOnlyList<AdapterDescriptor> List(string tenant, CatalogFilter filter)
    {
        var stored = filter.State == State ? filter with { State = AdapterStates.Ready } : filter;
        return [.. store.Catalog.List(tenant, stored).Where(adapter => filter.State is null || Shown(adapter).State == filter.State)];
    }

    public bool IsFused(AdapterDescriptor adapter) =>
        Version is { } version && version.Name == adapter.Name && version.Number == adapter.Version && version.Tenant == adapter.Tenant;

    /// <summary>By its bare name also where that means a newer version, or nothing any more.</summary>
    private bool Means(string tenant, string reference, AdapterVersion version) =>
        (reference == version.Name && version.Tenant == tenant) || reference == $"{version.Tenant}/{version.Name}"
        || store.Catalog.Identify(tenant, reference).WeightsDigest == version.WeightsDigest;

    /// <summary>Whether a selector, or null for all versions, means a version. One that another server has deleted has no name to lose.</summary>
    private bool Names(AdapterVersion version, string? selector) => store.Catalog.Versions(version.Tenant, version.Name).Any(adapter =>
        adapter.Version == version.Number
        && (selector is null || selector == $"{adapter.Version}" || selector == adapter.Digest || adapter.Aliases.Contains(selector)));

    private static ApiException NotFused(string message) => new(StatusCodes.Status409Conflict, ErrorCodes.NotFused, message);
}
