namespace AdapterServe.AdapterStore.Registry;

/// <summary>A version as the registry holds it; <see cref="Facts"/> is null when it was never verified on the base in use.</summary>
internal sealed class VersionRow
{
    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public required long Number { get; init; }

    public required string Digest { get; init; }

    public required long Bytes { get; init; }

    public required string CreatedAt { get; init; }

    public required long? CurrentVersion { get; init; }

    public string? Facts { get; init; }
}

/// <summary>An alias as the registry holds it.</summary>
internal sealed class AliasRow
{
    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public required string Alias { get; init; }

    public required long Number { get; init; }
}
