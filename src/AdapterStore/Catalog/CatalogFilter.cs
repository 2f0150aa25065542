using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Which adapters a list has: those that everything given here is true of.</summary>
/// <param name="Prefix">How names begin.</param>
/// <param name="Labels">Labels with their values, or names of labels that must be there, whose value is null.</param>
/// <param name="Kind">See <see cref="AdapterFacts"/>.</param>
/// <param name="State">See <see cref="AdapterStates"/>.</param>
public sealed record CatalogFilter(string? Prefix, IReadOnlyCollection<KeyValuePair<string, string?>> Labels, string? Kind, string? State)
{
    public static CatalogFilter None { get; } = new(null, [], null, null);

    public bool Takes(AdapterDescriptor adapter) =>
        (Prefix is null || adapter.Name.StartsWith(Prefix, StringComparison.Ordinal))
        && (Kind is null || adapter.Kind == Kind)
        && (State is null || adapter.State == State)
        && Labels.All(label => adapter.Labels.TryGetValue(label.Key, out var value) && (label.Value is null || label.Value == value));
}
