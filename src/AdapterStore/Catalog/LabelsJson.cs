using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Labels as the registry holds them.</summary>
internal static class LabelsJson
{
    public static ImmutableSortedDictionary<string, string> None { get; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public static ImmutableSortedDictionary<string, string> Parse(string json) => json == "{}"
        ? None
        : JsonSerializer.Deserialize(json, AdapterJsonContext.Default.ImmutableSortedDictionaryStringString)!.WithComparers(StringComparer.Ordinal);

    public static string Format(ImmutableSortedDictionary<string, string> labels) => JsonSerializer.Serialize(labels, AdapterJsonContext.Default.ImmutableSortedDictionaryStringString);
}
