namespace AdapterServe.AdapterStore.Tenants;

/// <summary>A tenant as a server sees it.</summary>
/// <param name="Settings">Its own; null for one that nothing was set for.</param>
/// <param name="Limits">Those in effect, with the server's for what is not set; null is unlimited.</param>
/// <param name="Revision">The number of the last change of the settings.</param>
public sealed record TenantProfile(TenantSettings? Settings, TenantLimits Limits, long Revision);
