using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.Engine.Requests;

/// <summary>Who takes over within a prompt.</summary>
/// <param name="FromToken">The first prompt token that it acts on, above 0.</param>
/// <param name="Adapter">Pinned weights, or null for the base.</param>
public sealed record LaterAdapter(int FromToken, AdapterLease? Adapter);
