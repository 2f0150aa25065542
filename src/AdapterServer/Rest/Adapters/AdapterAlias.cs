namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>An alias and the version that it means.</summary>
/// <param name="Name">The adapter.</param>
/// <param name="Alias">The alias.</param>
/// <param name="Version">The version, of two the first.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Revision">Of the adapter, after the change.</param>
internal sealed record AdapterAlias(string Name, string Alias, int Version, string Digest, long Revision);
