namespace AdapterServe.Client.Adapters;

/// <summary>What an alias means, or one of the two versions that it means.</summary>
/// <param name="Version">A version's number, a digest or another alias.</param>
/// <param name="Weight">Its share of the weights' sum.</param>
public readonly record struct AliasShare(string Version, int Weight = 1);
