namespace AdapterServe.AdapterStore.Tenants;

/// <summary>What a tenant has stored.</summary>
/// <param name="Adapters">See <see cref="TenantLimits.Adapters"/>.</param>
/// <param name="Bytes">See <see cref="TenantLimits.Bytes"/>.</param>
public readonly record struct TenantUse(long Adapters, long Bytes);
