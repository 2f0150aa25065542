using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Scheduling;

/// <summary>How tenants share a busy engine.</summary>
public sealed class FairnessTests
{
    private static readonly EngineOptions s_options = new() { MaxSequences = 4, PrefillTokens = 8, BlockTokens = 4, PrefixCache = false };

    [Theory]
    [InlineData(200, 4)]
    [InlineData(24, 64)]
    public void A_late_tenant_gets_its_first_token_in_the_next_step_whatever_another_one_has_queued(int blocks, int places)
    {
        using var fixture = new LoopFixture(blocks, s_options with { MaxSequences = places });
        var crowd = Enumerable.Range(0, 30).Select(i => fixture.Submit([i, 1, 2, 3], 20, tenant: "crowd")).ToList();
        Step(fixture, 12);

        var late = fixture.Submit([9, 9, 9, 9], 20, tenant: "late");
        fixture.Loop.Step();

        Assert.Equal(1, late.TokenCount);
        fixture.RunToEnd();
        Assert.All(crowd.Append(late), generation => Assert.Equal(FinishReason.Length, generation.Finish));
        Assert.Equal(LoopFixture.ExpectedTokens([9, 9, 9, 9], 20, null), LoopFixture.TokensOf(late));
        Assert.All(Enumerable.Range(0, 30), i => Assert.Equal(LoopFixture.ExpectedTokens([i, 1, 2, 3], 20, null), LoopFixture.TokensOf(crowd[i])));
    }

    [Fact]
    public void A_late_tenants_prompt_is_not_held_up_by_long_ones_of_another()
    {
        using var fixture = new LoopFixture(400, s_options);
        var longPrompts = Enumerable.Range(0, 3).Select(i => fixture.Submit([.. Enumerable.Range(i, 200).Select(token => token % 90)], 4, tenant: "crowd")).ToList();
        Step(fixture, 5);
        Assert.All(longPrompts, generation => Assert.Equal(0, generation.TokenCount));

        var late = fixture.Submit([9, 9, 9, 9], 20, tenant: "late");
        fixture.Loop.Step();

        Assert.Equal(1, late.TokenCount);
    }

    [Fact]
    public void A_newcomers_step_has_no_prompts_of_those_before_it_and_the_next_one_has()
    {
        using var fixture = new LoopFixture(400, s_options with { MaxSequences = 8 });
        var crowd = Enumerable.Range(0, 3).Select(i => fixture.Submit([.. Enumerable.Range(i, 200).Select(token => token % 90)], 4,
            tenant: "crowd")).ToList();
        Step(fixture, 5);

        for (var i = 0; i < 3; i++)
        {
            var late = fixture.Submit([9, 9, 9, 9], 1, tenant: $"late {i}");
            var rows = fixture.Counters.Rows;
            fixture.Loop.Step();
            Assert.Equal(1, late.TokenCount);

            // Of two such steps in a row the second is as full as any.
            Assert.Equal(i == 1 ? 8 : 4, fixture.Counters.Rows - rows);
        }
    }

    [Fact]
    public void A_newcomers_step_has_no_rows_of_those_who_decode_unless_their_priority_is_better()
    {
        using var fixture = new LoopFixture(400, s_options with { MaxSequences = 8, PrefillTokens = 16 });
        var before = fixture.Submit([1, 2], 20, tenant: "before", tenantPriority: 1);
        Step(fixture, 2);
        var tokens = before.TokenCount;

        var late = fixture.Submit([9, 9, 9, 9], 20, tenant: "late", tenantPriority: 1);
        fixture.Loop.Step();
        Assert.Equal((tokens, 1), (before.TokenCount, late.TokenCount));

        var worse = fixture.Submit([9, 9, 9], 20, tenant: "worse", tenantPriority: 2);
        Step(fixture, 2);
        Assert.Equal((tokens + 2, 3, 2), (before.TokenCount, late.TokenCount, worse.TokenCount));

        fixture.RunToEnd();
        Assert.Equal(LoopFixture.ExpectedTokens([1, 2], 20, null), LoopFixture.TokensOf(before));
    }

    [Fact]
    public void Requests_that_come_together_share_a_step_also_those_of_one_tenant()
    {
        using var fixture = new LoopFixture(400, s_options);
        var together = Enumerable.Range(0, 4).Select(i => fixture.Submit([i, 1], 4, tenant: i < 2 ? "one" : "other")).ToList();
        fixture.Loop.Step();
        Assert.All(together, generation => Assert.Equal(1, generation.TokenCount));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    public void Two_busy_tenants_get_tokens_by_their_weights(double first, double second)
    {
        using var fixture = new LoopFixture(200, s_options);
        List<Generation> Queue(string tenant, double weight) => [.. Enumerable.Range(0, 200).Select(i => fixture.Submit([i % 90, 5], 6, tenant: tenant, weight: weight))];
        var (a, b) = (Queue("a", first), Queue("b", second));
        Step(fixture, 150);

        var ratio = (double)a.Sum(generation => generation.TokenCount) / b.Sum(generation => generation.TokenCount);
        Assert.InRange(ratio, first / second * 0.8, first / second * 1.25);
    }

    [Fact]
    public void A_tenant_that_was_away_has_saved_nothing_up()
    {
        using var fixture = new LoopFixture(200, s_options);
        fixture.Submit([1, 2], 2, tenant: "away");
        var steady = Enumerable.Range(0, 200).Select(i => fixture.Submit([i % 90, 5], 6, tenant: "steady")).ToList();
        Step(fixture, 100);
        var before = steady.Sum(generation => generation.TokenCount);

        var back = Enumerable.Range(0, 200).Select(i => fixture.Submit([i % 90, 5], 6, tenant: "away")).ToList();
        Step(fixture, 100);

        var (mine, theirs) = (back.Sum(generation => generation.TokenCount), steady.Sum(generation => generation.TokenCount) - before);
        Assert.InRange((double)mine / theirs, 0.7, 1.4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_better_priority_takes_the_place_of_a_worse_one_and_both_end_right(bool ofTenants)
    {
        using var fixture = new LoopFixture(200, s_options);
        Generation Submit(int first, int tokens, int priority) => ofTenants
            ? fixture.Submit([first, 1], tokens, tenant: $"tenant {priority}", tenantPriority: priority)
            : fixture.Submit([first, 1], tokens, priority: priority);
        var background = Enumerable.Range(0, 8).Select(i => Submit(i, 30, priority: 5)).ToList();
        Step(fixture, 4);

        var urgent = Enumerable.Range(0, 4).Select(i => Submit(50 + i, 10, priority: -1)).ToList();
        Step(fixture, 11);

        Assert.All(urgent, generation => Assert.Equal(FinishReason.Length, generation.Finish));
        Assert.All(background, generation => Assert.Null(generation.Finish));
        fixture.RunToEnd();
        Assert.All(Enumerable.Range(0, 8), i => Assert.Equal(LoopFixture.ExpectedTokens([i, 1], 30, null), LoopFixture.TokensOf(background[i])));
    }

    [Fact]
    public void A_priority_of_ones_own_choosing_does_not_put_back_another_tenant()
    {
        using var fixture = new LoopFixture(200, s_options);
        var first = Enumerable.Range(0, 4).Select(i => fixture.Submit([i, 1], 10, tenant: "first")).ToList();
        Step(fixture, 2);

        _ = Enumerable.Range(0, 8).Select(i => fixture.Submit([50 + i, 1], 10, tenant: "pushy", priority: int.MinValue)).ToList();
        Step(fixture, 9);

        Assert.Equal(3, first.Count(generation => generation.Finish is not null));
    }

    [Fact]
    public void Nobody_gives_way_to_a_newcomer_that_would_not_fit_even_then()
    {
        using var fixture = new LoopFixture(24, s_options);
        var crowd = Enumerable.Range(0, 4).Select(i => fixture.Submit([i, 1, 2, 3], 16, tenant: "crowd")).ToList();
        Step(fixture, 4);

        fixture.Submit([.. Enumerable.Range(0, 88)], 4, tenant: "late");
        Step(fixture, 4);

        Assert.Equal(0, fixture.Counters.Preemptions);
        fixture.RunToEnd();
        Assert.All(crowd, generation => Assert.Equal(FinishReason.Length, generation.Finish));
    }

    private static void Step(LoopFixture fixture, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            fixture.Loop.Step();
            fixture.Pool.CheckLaws();
        }
    }
}
