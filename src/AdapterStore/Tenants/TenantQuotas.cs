using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Registry;

namespace AdapterServe.AdapterStore.Tenants;

/// <summary>
/// Holds tenants to their limits of adapters and bytes: in the transaction that would pass them, so that two servers can't both pass.
/// </summary>
internal sealed class TenantQuotas(CatalogSnapshot snapshot)
{
    /// <summary>After a change has been written and before it is committed; what did not grow is not looked at. <b>Errors</b>: QuotaExceeded (<c>quota_exceeded</c>).</summary>
    public async Task RequireWithinAsync(AdapterChange change, bool hasMoreAdapters, bool hasMoreBytes)
    {
        var limits = snapshot.Tenants.LimitsOf(change.Tenant, TenantProfiles.Parse(await change.ReadTenantSettingsAsync().ConfigureAwait(false)));
        if ((hasMoreAdapters && limits.Adapters is not null) || (hasMoreBytes && limits.Bytes is not null))
        {
            var use = await change.ReadTenantUseAsync().ConfigureAwait(false);
            if (Refusal(limits, hasMoreAdapters ? use.Adapters : 0, hasMoreBytes ? use.Bytes : 0) is { } refusal)
            {
                throw refusal;
            }
        }
    }

    /// <summary>Ahead of work that would be in vain, by what is known here, where the transaction decides: why an upload has no room; null where it may have.</summary>
    public AdapterStoreException? FindRefusal(string tenant, string name, string digest, long bytes)
    {
        var limits = snapshot.Tenants.Of(tenant).Limits;
        if (limits.Adapters is null && limits.Bytes is null)
        {
            return null;
        }

        var use = snapshot.UseOf(tenant);
        return Refusal(limits, snapshot.Find(tenant, name) is null ? use.Adapters + 1 : 0, snapshot.IsStored(tenant, name, digest) ? 0 : use.Bytes + bytes);
    }

    private static AdapterStoreException? Refusal(TenantLimits limits, long adapters, long bytes) =>
        adapters > limits.Adapters ? Exceeded($"The tenant has {adapters - 1} of at most {limits.Adapters} adapters; delete one first.")
        : bytes > limits.Bytes ? Exceeded(
            $"With this the tenant's adapters would have {bytes} bytes of at most {limits.Bytes}; what is deleted counts until it is purged, at once with ?purge=true.")
        : null;

    private static AdapterStoreException Exceeded(string message) => new(AdapterErrorKind.QuotaExceeded, "quota_exceeded", message);
}
