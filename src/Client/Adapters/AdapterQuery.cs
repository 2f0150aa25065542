namespace AdapterServe.Client.Adapters;

/// <summary>Which adapters are listed: those of which everything given is true.</summary>
public sealed record AdapterQuery
{
    /// <summary>The namespace; null: the tenant's own.</summary>
    public string? Namespace { get; init; }

    public string? Prefix { get; init; }

    public string? Kind { get; init; }

    /// <summary>Also <c>deleted</c>, for those that can be restored.</summary>
    public string? State { get; init; }

    /// <summary>Each <c>name</c> or <c>name=value</c>.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    internal string Parameters()
    {
        var given = new (string Name, string? Value)[] { ("namespace", Namespace), ("prefix", Prefix), ("kind", Kind), ("state", State) }.Concat(Labels.Select(label => (Name: "label", Value: (string?)label)));
        return string.Concat(given.Where(parameter => parameter.Value is not null).Select(parameter => $"&{parameter.Name}={Uri.EscapeDataString(parameter.Value!)}"));
    }
}
