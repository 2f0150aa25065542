namespace AdapterServe.AdapterServer.Quotas;

/// <summary>How a tenant's limits a minute stand at this server; null where there is none.</summary>
internal readonly record struct RateStates(RateState? Requests, RateState? Tokens);
