using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>One version; <paramref name="Descriptor"/> and <paramref name="Facts"/> are null when it was never verified on the base in use.</summary>
/// <param name="Version">What requests hold on to.</param>
/// <param name="Descriptor">What clients see.</param>
/// <param name="Facts">The stored JSON of <see cref="AdapterFacts"/>.</param>
internal sealed record EntryVersion(AdapterVersion Version, AdapterDescriptor? Descriptor, string? Facts)
{
    /// <summary>Null while it is there.</summary>
    public string? DeletedAt { get; init; }

    /// <summary>Of its files.</summary>
    public required long StoredBytes { get; init; }

    public bool IsQuarantined => Descriptor?.State == AdapterStates.Quarantined;
}
