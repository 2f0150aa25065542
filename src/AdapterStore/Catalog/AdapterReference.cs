namespace AdapterServe.AdapterStore.Catalog;

/// <summary>A reference taken apart, <c>[tenant/]name[@version|@digest|@alias][#task]</c>; whether there is such an adapter is another question.</summary>
/// <param name="Owner">Whose adapter it is.</param>
/// <param name="Name">Its name.</param>
/// <param name="Selector">What stands behind the <c>@</c>; null where there is none.</param>
/// <param name="Task">What stands behind the <c>#</c>; null where there is none.</param>
internal sealed record AdapterReference(string Owner, string Name, string? Selector, string? Task)
{
    public static AdapterReference Parse(string tenant, string reference)
    {
        var (version, task) = Cut(reference, '#');
        var (path, selector) = Cut(version, '@');
        var (first, second) = Cut(path, '/');
        return second is null ? new AdapterReference(tenant, first, selector, task) : new AdapterReference(first, second, selector, task);
    }

    private static (string Before, string? After) Cut(string text, char mark)
    {
        var at = text.IndexOf(mark, StringComparison.Ordinal);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }
}
