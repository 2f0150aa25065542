using AdapterServe.LoadTest.Arrivals;
using AdapterServe.LoadTest.Lengths;
using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Popularity;
using AdapterServe.LoadTest.Tests.Support;
using AdapterServe.LoadTest.Traces;
using static AdapterServe.LoadTest.Tests.Support.Plans;

namespace AdapterServe.LoadTest.Tests.Plans;

public sealed class LoadPlanTests
{
    private const int Draws = 20_000;

    [Fact]
    public void The_same_seed_plans_the_same_requests_and_another_seed_others()
    {
        static PlannedRequest[] Plan(ulong seed) => Take(100, Rich(seed));
        Assert.Equal(Plan(7), Plan(7));
        var (one, other) = (Plan(7), Plan(8));
        Assert.NotEqual(one.Select(request => request.ArrivalUs), other.Select(request => request.ArrivalUs));
        Assert.NotEqual(one.Select(request => request.Adapter), other.Select(request => request.Adapter));
        Assert.NotEqual(one.Select(request => request.PromptTokens), other.Select(request => request.PromptTokens));
        Assert.Empty(one.Select(request => request.PromptSeed).Intersect(other.Select(request => request.PromptSeed)));
    }

    [Fact]
    public void Changing_one_aspect_leaves_the_others_as_they_were()
    {
        var rich = Take(200, Rich(7));
        var longer = Take(200, Rich(7) with { Output = new FixedLengths(9), Arrivals = new ConstantArrivals(3) });
        Assert.Equal(
            rich.Select(request => (request.Adapter, request.Tenant, request.PromptTokens, request.PromptSeed)),
            longer.Select(request => (request.Adapter, request.Tenant, request.PromptTokens, request.PromptSeed)));
        Assert.All(longer, request => Assert.Equal(9, request.OutputTokens));
    }

    [Fact]
    public void Poisson_arrivals_have_exponential_gaps_of_the_rate()
    {
        var gaps = Gaps(new PoissonArrivals(50, 3));
        // Ten intervals that an exponential of mean 20 ms hits equally often.
        var places = gaps.Select(gap => Math.Min(9, (int)(10 * (1 - Math.Exp(-50 * gap)))));
        ChiSquare.AssertFits([.. Enumerable.Repeat(0.1, 10)], ChiSquare.Count(10, places));
    }

    [Fact]
    public void Constant_arrivals_do_not_drift()
    {
        Assert.Equal(1_000_000.0 / 3, new ConstantArrivals(3).Seconds().ElementAt(1_000_000), 1e-6);
        Assert.All(Gaps(new ConstantArrivals(8)), gap => Assert.Equal(0.125, gap, 1e-9));
    }

    [Theory]
    [InlineData("uniform", 0.0)]
    [InlineData("zipf:1", 1.0)]
    [InlineData("zipf:0.5", 0.5)]
    public void Adapters_are_drawn_by_their_popularity(string popularity, double alpha)
    {
        var weights = Enumerable.Range(1, 20).Select(rank => Math.Pow(rank, -alpha)).ToArray();
        var counts = ChiSquare.Count(20, Take(Draws, Options(tenants: Tenant(popularity, 20))).Select(Place));
        ChiSquare.AssertFits([.. weights.Select(weight => weight / weights.Sum())], counts);
    }

    [Fact]
    public void The_plain_popularities_name_none_the_first_and_each_in_turn()
    {
        Assert.All(Take(10, Options(tenants: Tenant("none", 3))), request => Assert.Null(request.Adapter));
        Assert.All(Take(10, Options(tenants: Tenant("identical", 3))), request => Assert.Equal("a0", request.Adapter));
        Assert.Equal(["a0", "a1", "a2", "a0"], Take(4, Options(tenants: Tenant("distinct", 3))).Select(request => request.Adapter));
    }

    [Fact]
    public void A_request_may_name_several_adapters_that_are_never_the_same()
    {
        TenantPlan Together(string popularity) => new("t", 1, new AdapterMix(Names(5), MixSpec.Everything, PopularitySpec.Parse(popularity), 3));
        Assert.Equal(["a0+a1+a2", "a3+a4+a0", "a1+a2+a3"], Take(3, Options(tenants: Together("distinct"))).Select(request => request.Adapter));
        Assert.All(Take(100, Options(tenants: Together("zipf:1"))), request => Assert.Equal(3, request.Adapter!.Split('+').Distinct().Count()));
        Assert.Throws<UserErrorException>(() => new AdapterMix(Names(2), MixSpec.Everything, PopularitySpec.Parse("uniform"), 3));
    }

    [Fact]
    public void Groups_are_drawn_by_their_weights_and_none_is_the_base()
    {
        var requests = Take(Draws, Options(tenants: Tenant("uniform", 12, mix: "a1*=3,a2=2,none=1")));
        // a1, a10 and a11 share one half.
        string?[] groups = ["a1", "a10", "a11", "a2", null];
        var counts = ChiSquare.Count(5, requests.Select(request => Array.IndexOf(groups, request.Adapter)));
        ChiSquare.AssertFits([1.0 / 6, 1.0 / 6, 1.0 / 6, 2.0 / 6, 1.0 / 6], counts);
    }

    [Fact]
    public void Tenants_are_drawn_by_their_weights()
    {
        var counts = ChiSquare.Count(
            3, Take(Draws, Options(tenants: [Tenant(weight: 1), Tenant(weight: 2), Tenant(weight: 5)])).Select(request => request.Tenant));
        ChiSquare.AssertFits([1.0 / 8, 2.0 / 8, 5.0 / 8], counts);
    }

    [Fact]
    public void Uniform_lengths_reach_both_ends_equally_often()
    {
        var counts = ChiSquare.Count(
            6, Take(Draws, Options() with { Prompt = LengthSpec.Parse("uniform:10-15") }).Select(request => request.PromptTokens - 10));
        ChiSquare.AssertFits([.. Enumerable.Repeat(1.0 / 6, 6)], counts);
    }

    [Fact]
    public void Lognormal_lengths_have_their_quantiles_and_stay_within_the_bound()
    {
        // The quartiles of N(0, 1) are ±0.67449: e^(0.5 · that) around a median of 10,000, where rounding is no matter.
        double[] quartiles = [10_000 * Math.Exp(-0.5 * 0.6744898), 10_000, 10_000 * Math.Exp(0.5 * 0.6744898)];
        var lengths = Take(Draws, Options() with { Output = LengthSpec.Parse("lognormal:10000,0.5,30000") }).Select(request => request.OutputTokens)
            .ToArray();
        ChiSquare.AssertFits([.. Enumerable.Repeat(0.25, 4)], ChiSquare.Count(4, lengths.Select(length => quartiles.Count(bound => length > bound))));
        Assert.InRange(lengths.Max(), 20_000, 30_000);
        Assert.All(
            Take(1000, Options() with { Output = LengthSpec.Parse("lognormal:2,3,5") }), request => Assert.InRange(request.OutputTokens, 1, 5));
    }

    [Fact]
    public void A_trace_gives_what_it_has_and_is_gone_through_again()
    {
        TraceRow[] rows = [new(0, "x", 11, 3), new(2.5, null, null, 4)];
        var plan = Options(arrivals: new TraceArrivals(rows, 2), tenants: Tenant("identical")) with
        {
            Trace = rows, FromTrace = TraceColumns.Adapter | TraceColumns.PromptTokens,
        };
        var requests = Take(9, plan);
        Assert.Equal(
            [(0L, "x", 11, 64), (1_250_000L, null, 32, 64)],
            requests.Select(request => (request.ArrivalUs, request.Adapter, request.PromptTokens, request.OutputTokens)));
        Assert.Equal(["x", null, "x"], Take(3, plan with { Arrivals = null }).Select(request => request.Adapter));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-3")]
    [InlineData("1.5")]
    [InlineData("uniform:9-3")]
    [InlineData("uniform:9")]
    [InlineData("lognormal:64")]
    [InlineData("lognormal:64,-1")]
    [InlineData("lognormal:NaN,1")]
    [InlineData("normal:3,4")]
    public void A_length_that_makes_no_sense_is_refused(string text) => Assert.Throws<UserErrorException>(() => LengthSpec.Parse(text));

    private static PlanOptions Rich(ulong seed) => Options(seed, new PoissonArrivals(10, seed), Tenant("zipf:1", 9), Tenant("uniform", 4)) with
    {
        Prompt = LengthSpec.Parse("uniform:1-100"), Output = LengthSpec.Parse("lognormal:30,1"),
    };

    private static PlannedRequest[] Take(int count, PlanOptions options) => [.. new LoadPlan(options).Requests().Take(count)];

    private static int Place(PlannedRequest request) => int.Parse(request.Adapter![1..], System.Globalization.CultureInfo.InvariantCulture);

    private static double[] Gaps(IArrivals arrivals)
    {
        var times = arrivals.Seconds().Take(Draws).ToArray();
        return [.. times.Zip(times.Skip(1), (one, next) => next - one)];
    }
}
