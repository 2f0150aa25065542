namespace AdapterServe.AdapterStore.Catalog;

/// <summary>Who asks for a change, and on which condition. A tenant's name alone is one too: the tenant itself, on none.</summary>
/// <param name="Tenant">Whose adapters.</param>
public readonly record struct Caller(string Tenant)
{
    /// <summary>Who, for the audit log.</summary>
    public string Actor { get; init; } = Tenant;

    /// <summary>
    /// What must be so for the change to happen: the digest of the adapter's current version, <c>r</c> and its revision, or <c>*</c> for any; with or without quotes. Null: nothing.
    /// </summary>
    public string? IfMatch { get; init; }

    public static implicit operator Caller(string tenant) => FromString(tenant);

    public static Caller FromString(string tenant) => new(tenant);
}
