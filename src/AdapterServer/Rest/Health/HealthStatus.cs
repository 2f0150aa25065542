namespace AdapterServe.AdapterServer.Rest.Health;

/// <summary>The answer of a probe.</summary>
internal sealed record HealthStatus(string Status);
