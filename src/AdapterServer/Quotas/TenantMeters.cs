using System.Collections.Concurrent;

namespace AdapterServe.AdapterServer.Quotas;

/// <summary>The meters of all tenants that have asked for anything, or that somebody looked at, since the server started. Thread safe.</summary>
internal sealed class TenantMeters(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, TenantMeter> _meters = new(StringComparer.Ordinal);

    public TenantMeter Of(string tenant) => _meters.GetOrAdd(tenant, static (_, clock) => new TenantMeter(clock), time);
}
