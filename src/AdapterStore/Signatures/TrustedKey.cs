namespace AdapterServe.AdapterStore.Signatures;

/// <summary>A public key whose signatures count.</summary>
/// <param name="Name">What versions signed with it bear.</param>
/// <param name="Tenant">For whose adapters; null for everybody's.</param>
/// <param name="Key">Its 32 bytes.</param>
internal sealed record TrustedKey(string Name, string? Tenant, byte[] Key);
