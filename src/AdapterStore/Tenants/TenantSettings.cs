using System.Collections.Immutable;
using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterStore.Tenants;

/// <summary>What an operator sets for a tenant.</summary>
public sealed record TenantSettings
{
    public const int MinWeight = 1;
    public const int MaxWeight = 10_000;
    public const int DefaultWeight = 100;
    public const int MaxPriority = 1_000_000;
    public const int MaxLabels = 64;

    public static TenantSettings Default { get; } = new();

    public TenantLimits Limits { get; init; } = TenantLimits.None;

    /// <summary>Its part of a busy engine beside those of others.</summary>
    public int Weight { get; init; } = DefaultWeight;

    /// <summary>Tenants with lower numbers go first, and may take the places of those with higher ones.</summary>
    public int Priority { get; init; }

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = LabelsJson.None;
}
