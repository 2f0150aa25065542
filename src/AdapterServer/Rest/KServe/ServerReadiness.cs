namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>A probe of the server.</summary>
internal sealed record ServerReadiness(bool Ready);
