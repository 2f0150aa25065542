namespace AdapterServe.AdapterStore.Registry;

/// <summary>A part of a tenant's audit log.</summary>
/// <param name="Tenant">Whose.</param>
/// <param name="After">Entries with greater numbers.</param>
/// <param name="Limit">At most so many.</param>
public sealed record AuditQuery(string Tenant, long After, int Limit)
{
    /// <summary>Only of this adapter.</summary>
    public string? Name { get; init; }

    /// <summary>Only of this action.</summary>
    public string? Action { get; init; }

    /// <summary>Only what changed an adapter.</summary>
    public bool ChangesOnly { get; init; }
}
