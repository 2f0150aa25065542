using AdapterServe.AdapterStore.Catalog;

namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>What a client asks of the adapters in a list; what is empty asks nothing.</summary>
internal static class AdapterFilter
{
    /// <param name="prefix">How names begin.</param>
    /// <param name="labels">Each <c>name=value</c>, or <c>name</c> for any value.</param>
    /// <param name="kind">The kind.</param>
    /// <param name="state">As clients see it.</param>
    public static CatalogFilter Of(string? prefix, IEnumerable<string?> labels, string? kind, string? state) =>
        new(Asked(prefix), [.. labels.Select(Asked).OfType<string>().Select(Label)], Asked(kind), Asked(state));

    private static string? Asked(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static KeyValuePair<string, string?> Label(string text)
    {
        var parts = text.Split('=', 2);
        return new KeyValuePair<string, string?>(parts[0], parts.Length > 1 ? parts[1] : null);
    }
}
