using System.Collections.Immutable;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>What can be changed of an adapter beside its content; null leaves a setting as it is.</summary>
/// <param name="Labels">All of them; what is not named goes.</param>
/// <param name="Pinned">Whether servers keep its current version in memory.</param>
/// <param name="Priority">Which of the pinned ones come first where not all fit: greater numbers do.</param>
public sealed record AdapterSettings(ImmutableSortedDictionary<string, string>? Labels, bool? Pinned, int? Priority)
{
    /// <summary>Of one adapter.</summary>
    public const int MaxLabels = 64;

    /// <summary><b>Errors</b>: Malformed <c>invalid_label</c>, <c>too_many_labels</c>.</summary>
    internal static void RequireLabels(ImmutableSortedDictionary<string, string>? labels)
    {
        foreach (var (label, value) in labels ?? LabelsJson.None)
        {
            AdapterNames.RequireLabel(label, value);
        }

        if (labels?.Count > MaxLabels)
        {
            throw StoreErrors.Malformed("too_many_labels", $"An adapter has at most {MaxLabels} labels.");
        }
    }
}
