namespace AdapterServe.AdapterStore.Catalog;

/// <summary>A version that an alias means, to some part.</summary>
/// <param name="Version">By number, digest or another alias.</param>
/// <param name="Weight">Of all requests that name the alias this part of the weights' sum gets the version.</param>
public sealed record AliasTarget(string Version, int Weight);
