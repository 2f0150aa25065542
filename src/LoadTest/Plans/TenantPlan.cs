using AdapterServe.LoadTest.Popularity;

namespace AdapterServe.LoadTest.Plans;

/// <summary>One tenant's part in the load.</summary>
internal sealed record TenantPlan(string Name, double Weight, AdapterMix Adapters);
