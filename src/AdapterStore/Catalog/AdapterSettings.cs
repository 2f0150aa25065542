using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>What can be changed of an adapter beside its content; null leaves a setting as it is.</summary>
/// <param name="Labels">All of them; what is not named goes.</param>
/// <param name="Pinned">Whether servers keep its current version in memory.</param>
/// <param name="Priority">Which of the pinned ones come first where not all fit: greater numbers do.</param>
public sealed record AdapterSettings(ImmutableSortedDictionary<string, string>? Labels, bool? Pinned, int? Priority)
{
    /// <summary>Of one adapter.</summary>
    public const int MaxLabels = 64;
}
