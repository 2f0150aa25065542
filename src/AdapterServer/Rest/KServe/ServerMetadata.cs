namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>What the server is.</summary>
internal sealed record ServerMetadata(string Name, string Version, IReadOnlyList<string> Extensions);
