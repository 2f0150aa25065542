using System.Globalization;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Tenants;

/// <summary>
/// Tenants: those that something was set for, and those that have adapters. Nobody need be listed to be served.
/// Reading never touches the registry; changes are durable when they return, in the audit log, and known to all servers as those of adapters are.
/// <b>Effects</b>: any thread.
/// </summary>
public sealed class TenantCatalog
{
    private readonly StoreCore _core;

    internal TenantCatalog(StoreCore core) => _core = core;

    /// <summary>By name.</summary>
    public IReadOnlyList<string> List() =>
        [.. _core.Snapshot.Tenants.Names.Concat(_core.Snapshot.All.Select(entry => entry.Tenant)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>What holds for a tenant, also for one that is not listed.</summary>
    public TenantProfile Of(string tenant) => _core.Snapshot.Tenants.Of(tenant);

    /// <summary>As far as this server knows. Takes time by the number of the tenant's adapters.</summary>
    public TenantUse UseOf(string tenant) => _core.Snapshot.UseOf(tenant);

    /// <summary><b>Errors</b>: NotFound (<c>tenant_not_found</c>) for one that is not listed.</summary>
    public TenantProfile Get(string tenant)
    {
        var profile = Of(tenant);
        return profile.Settings is not null || _core.Snapshot.Of(tenant).Count > 0 ? profile : throw NotFound(tenant);
    }

    /// <summary>
    /// Replaces a tenant's settings.
    /// <b>Errors</b>: Malformed (<c>invalid_tenant</c>, <c>invalid_label</c>, <c>too_many_labels</c>); PreconditionFailed (<c>revision_mismatch</c>); Unavailable, StorageFull.
    /// </summary>
    public Task<TenantProfile> PutAsync(Caller caller, TenantSettings settings, CancellationToken cancellationToken)
    {
        AdapterNames.RequireTenant(caller.Tenant);
        foreach (var (label, value) in settings.Labels)
        {
            AdapterNames.RequireLabel(label, value);
        }

        if (settings.Labels.Count > TenantSettings.MaxLabels)
        {
            throw StoreErrors.Malformed("too_many_labels", $"A tenant has at most {TenantSettings.MaxLabels} labels.");
        }

        var json = TenantProfiles.Format(settings);
        return ChangeAsync(caller, "put_tenant", (_, _) => json, json, cancellationToken);
    }

    /// <summary>
    /// Forgets what was set for a tenant.
    /// <b>Errors</b>: NotFound (<c>tenant_not_found</c>); Conflict (<c>tenant_has_adapters</c>); PreconditionFailed (<c>revision_mismatch</c>); Unavailable, StorageFull.
    /// </summary>
    public Task DeleteAsync(Caller caller, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        "delete_tenant",
        (before, use) => use.Adapters > 0
            ? throw new AdapterStoreException(AdapterErrorKind.Conflict, "tenant_has_adapters", $"'{caller.Tenant}' has {use.Adapters} adapters; delete them first.")
            : before?.Settings is null ? throw NotFound(caller.Tenant) : null,
        detail: null,
        cancellationToken);

    private static AdapterStoreException NotFound(string tenant) =>
        new(AdapterErrorKind.NotFound, "tenant_not_found", $"There is no tenant '{AdapterNames.Shorten(tenant)}' that has adapters or that something was set for.");

    private static void RequireMatch(string tenant, TenantRow? before, string? ifMatch)
    {
        var revision = before?.Settings is null ? null : string.Create(CultureInfo.InvariantCulture, $"r{before.Revision}");
        if (ifMatch is not null && (revision is null || (ifMatch.Trim().Trim('"') is var wanted && wanted != "*" && wanted != revision)))
        {
            throw new AdapterStoreException(
                AdapterErrorKind.PreconditionFailed,
                "revision_mismatch",
                revision is null ? $"Nothing was set for '{tenant}' that If-Match could hold for." : $"The revision of '{tenant}' is {revision}; If-Match names another.");
        }
    }

    private async Task<TenantProfile> ChangeAsync(
        Caller caller, string action, Func<TenantRow?, TenantUse, string?> decide, string? detail, CancellationToken cancellationToken)
    {
        try
        {
            var row = await _core.Registry.ChangeTenantAsync(
                caller.Tenant,
                new AuditEntry(caller.Actor, action, Detail: detail),
                (before, use) =>
                {
                    RequireMatch(caller.Tenant, before, caller.IfMatch);
                    return decide(before, use);
                },
                cancellationToken).ConfigureAwait(false);
            return _core.Snapshot.Apply(row);
        }
        catch (AdapterStoreException refusal) when (refusal.Kind is AdapterErrorKind.Conflict or AdapterErrorKind.PreconditionFailed)
        {
            await _core.Writer.RefuseAsync(caller, string.Empty, action, refusal).ConfigureAwait(false);
            throw;
        }
    }
}
