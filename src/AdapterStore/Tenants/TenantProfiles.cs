using System.Collections.Concurrent;
using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Tenants;

/// <summary>
/// The settings of all tenants in memory. Of two states of one tenant the later one stays.
/// <b>Effects</b>: any thread; looking one up allocates nothing.
/// </summary>
/// <param name="defaults">For what a tenant's settings don't say; not for what all tenants share, which is the operator's own.</param>
internal sealed class TenantProfiles(TenantLimits defaults)
{
    private readonly ConcurrentDictionary<string, TenantProfile> _profiles = new(StringComparer.Ordinal);
    private readonly TenantProfile _plain = new(null, defaults, 0);
    private readonly TenantProfile _plainShared = new(null, TenantLimits.None, 0);

    /// <summary>Those with settings.</summary>
    public IEnumerable<string> Names => _profiles.Where(profile => profile.Value.Settings is not null).Select(profile => profile.Key);

    public TenantProfile Of(string tenant) => _profiles.TryGetValue(tenant, out var known) ? known : tenant == AdapterNames.SharedTenant ? _plainShared : _plain;

    public TenantProfile Apply(TenantRow row) => _profiles.AddOrUpdate(row.Tenant, Read(row), (_, known) => row.Revision >= known.Revision ? Read(row) : known);

    public void Clear() => _profiles.Clear();

    /// <summary>What holds for a tenant with these settings.</summary>
    public TenantLimits LimitsOf(string tenant, TenantSettings? settings) =>
        (settings?.Limits ?? TenantLimits.None).Or(tenant == AdapterNames.SharedTenant ? TenantLimits.None : defaults);

    public static TenantSettings? Parse(string? json)
    {
        var settings = json is null ? null : JsonSerializer.Deserialize(json, AdapterJsonContext.Default.TenantSettings);
        return settings is null ? null : settings with { Labels = settings.Labels.IsEmpty ? LabelsJson.None : settings.Labels.WithComparers(StringComparer.Ordinal) };
    }

    public static string Format(TenantSettings settings) => JsonSerializer.Serialize(settings, AdapterJsonContext.Default.TenantSettings);

    private TenantProfile Read(TenantRow row)
    {
        var settings = Parse(row.Settings);
        return new TenantProfile(settings, LimitsOf(row.Tenant, settings), row.Revision);
    }
}
