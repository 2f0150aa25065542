using AdapterServe.LoadTest.Arrivals;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Popularity;

namespace AdapterServe.LoadTest.Tests.Support;

/// <summary>Plans for one tenant or several, with adapters <c>a0</c>, <c>a1</c>, ….</summary>
internal static class Plans
{
    public static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(place => $"a{place}")];

    public static TenantPlan Tenant(string popularity = "none", int adapters = 1, double weight = 1, string? mix = null) =>
        new("tenant", weight,
            new AdapterMix(Names(adapters), mix is null ? MixSpec.Everything : MixSpec.Parse(mix), PopularitySpec.Parse(popularity)));

    public static PlanOptions Options(ulong seed = 1, IArrivals? arrivals = null, params TenantPlan[] tenants) =>
        new() { Seed = seed, Arrivals = arrivals, Tenants = tenants.Length == 0 ? [Tenant()] : tenants };
}
