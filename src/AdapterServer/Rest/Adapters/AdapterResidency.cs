namespace AdapterServe.AdapterServer.Rest.Adapters;

/// <summary>Whether an adapter's weights are in memory now.</summary>
internal sealed record AdapterResidency(string Name, int Version, string Digest, bool Loaded);
