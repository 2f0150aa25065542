namespace AdapterServe.AdapterStore.Access;

/// <summary>What a caller may do. None includes another, but <see cref="Operator"/>, which includes all.</summary>
[Flags]
public enum AccessScopes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Generate, score and tokenize; read the tenant's adapters and the shared ones.</summary>
    Infer = 1,

    /// <summary>Store, change and delete the tenant's adapters.</summary>
    Upload = 2,

    /// <summary>The tenant's keys and audit log.</summary>
    Admin = 4,

    /// <summary>Everything, for every tenant, the server itself included.</summary>
    Operator = 8,
}
