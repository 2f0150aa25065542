namespace AdapterServe.AdapterStore.Registry;

/// <summary>A tenant as the registry holds it.</summary>
internal sealed class TenantRow
{
    public required string Tenant { get; init; }

    /// <summary>JSON of <see cref="Tenants.TenantSettings"/>; null where nothing is set.</summary>
    public required string? Settings { get; init; }

    /// <summary>The number of the last change of the settings.</summary>
    public required long Revision { get; init; }
}
