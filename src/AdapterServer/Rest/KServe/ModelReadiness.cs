namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>Whether a model answers.</summary>
internal sealed record ModelReadiness(string Name, bool Ready);
