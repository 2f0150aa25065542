namespace AdapterServe.LoadTest.Setup;

/// <summary>A tenant as the file of <c>--tenants</c> describes it.</summary>
internal sealed record TenantSpec
{
    public required string Name { get; init; }

    /// <summary>Its API key.</summary>
    public string? Key { get; init; }

    /// <summary>Its share of the requests, in proportion to the others'.</summary>
    public double? Weight { get; init; }

    /// <summary>Its requests a second, in an open loop and in place of a weight.</summary>
    public double? Rate { get; init; }

    /// <summary>Names or patterns of its adapters; all unless given.</summary>
    public IReadOnlyList<string>? Adapters { get; init; }
}
