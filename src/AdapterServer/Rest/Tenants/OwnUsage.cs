using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterServer.Rest.Tenants;

/// <param name="Object">Always <c>usage</c>.</param>
/// <param name="Tenant">The caller's.</param>
/// <param name="Limits">Those in effect; null is none.</param>
/// <param name="Usage">Now.</param>
internal sealed record OwnUsage(string Object, string Tenant, TenantLimits Limits, TenantUsage Usage);
