using AdapterServe.AdapterServer.Hosting;

namespace AdapterServe.AdapterServer.Rest.Tenants;

/// <summary>What a tenant uses now of the limits of the same names.</summary>
/// <param name="Adapters">In the registry.</param>
/// <param name="Bytes">In the registry; what is deleted and not purged included.</param>
/// <param name="RequestsPerMinute">What is missing in this server's bucket; null without a limit.</param>
/// <param name="TokensPerMinute">The same of tokens, with what running requests may still use.</param>
/// <param name="ConcurrentSequences">At this server.</param>
internal sealed record TenantUsage(long Adapters, long Bytes, int? RequestsPerMinute, int? TokensPerMinute, int ConcurrentSequences)
{
    public static TenantUsage Of(ServingModel model, string tenant)
    {
        var stored = model.Store.Tenants.UseOf(tenant);
        var meter = model.Meters.Of(tenant);
        var rates = meter.Look(model.Store.Tenants.Of(tenant).Limits);
        return new TenantUsage(stored.Adapters, stored.Bytes, rates.Requests?.Used, rates.Tokens?.Used, meter.Sequences);
    }
}
