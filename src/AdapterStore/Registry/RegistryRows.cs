namespace AdapterServe.AdapterStore.Registry;

/// <summary>A name as the registry holds it, also one whose adapter is gone: its numbers are never used again.</summary>
internal sealed class AdapterRow
{
    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public required long? CurrentVersion { get; init; }

    /// <summary>The number of the last change; see <see cref="AdapterChange"/>.</summary>
    public required long Revision { get; init; }

    /// <summary>A JSON object of strings.</summary>
    public required string Labels { get; init; }

    public required long Pinned { get; init; }

    public required long Priority { get; init; }

    /// <summary>Null while it is there.</summary>
    public required string? DeletedAt { get; init; }
}

/// <summary>A version as the registry holds it; <see cref="Facts"/> is null when it was never verified on the base in use.</summary>
internal sealed class VersionRow
{
    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public required long Number { get; init; }

    public required string Digest { get; init; }

    public required long Bytes { get; init; }

    public required string CreatedAt { get; init; }

    public string? Facts { get; init; }

    /// <summary>On the base in use; null when it was never verified on it.</summary>
    public string? State { get; init; }

    public string? Reason { get; init; }

    /// <summary>The name of the key; null where nobody signed it.</summary>
    public string? SignedBy { get; init; }

    /// <summary>Null while it is there.</summary>
    public string? DeletedAt { get; init; }
}

/// <summary>An alias as the registry holds it.</summary>
internal sealed class AliasRow
{
    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public required string Alias { get; init; }

    public required long Number { get; init; }

    public required long Weight { get; init; }

    /// <summary>Null where the alias means one version.</summary>
    public required long? SecondNumber { get; init; }

    public required long SecondWeight { get; init; }
}

/// <summary>Everything that the registry holds of one name.</summary>
internal sealed record AdapterRows(AdapterRow Adapter, IReadOnlyCollection<VersionRow> Versions, IReadOnlyCollection<AliasRow> Aliases);

/// <summary>What the registry held at one moment, or what had changed by then.</summary>
/// <param name="Registry">Differs from every other registry's.</param>
/// <param name="Revision">The number of the last change.</param>
/// <param name="Adapters">The names that were asked for.</param>
/// <param name="Tenants">The tenants that were asked for.</param>
internal sealed record RegistryContent(string Registry, long Revision, IReadOnlyList<AdapterRows> Adapters, IReadOnlyList<TenantRow> Tenants);
