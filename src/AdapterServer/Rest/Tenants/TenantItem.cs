using System.Collections.Immutable;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterServer.Rest.Tenants;

/// <summary>A tenant as operators see it.</summary>
/// <param name="Object">Always <c>tenant</c>.</param>
/// <param name="Name">Its namespace.</param>
/// <param name="Revision">The number of the last change of its settings.</param>
/// <param name="Limits">Its own; null is the server's.</param>
/// <param name="EffectiveLimits">Its own, else the server's; null is none.</param>
/// <param name="Weight">See <see cref="TenantSettings.Weight"/>.</param>
/// <param name="Priority">See <see cref="TenantSettings.Priority"/>.</param>
/// <param name="Labels">The operator's.</param>
/// <param name="Usage">Now.</param>
internal sealed record TenantItem(
    string Object, string Name, long Revision, TenantLimits Limits, TenantLimits EffectiveLimits, int Weight, int Priority,
    ImmutableSortedDictionary<string, string> Labels, TenantUsage Usage)
{
    public static TenantItem Of(ServingModel model, string tenant, TenantProfile profile)
    {
        var settings = profile.Settings ?? TenantSettings.Default;
        return new TenantItem(
            "tenant", tenant, profile.Revision, settings.Limits, profile.Limits, settings.Weight, settings.Priority, settings.Labels, TenantUsage.Of(model, tenant));
    }
}
