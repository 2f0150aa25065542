namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>An alias and the version that it means.</summary>
internal sealed record AdapterAlias(string Name, string Alias, int Version, string Digest);
