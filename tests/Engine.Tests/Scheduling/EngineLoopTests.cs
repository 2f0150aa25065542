using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Scheduling;

public sealed class EngineLoopTests
{
    private static readonly AdapterWeights?[] Adapters = [null, LoopFixture.Adapter("a"), LoopFixture.Adapter("b"), LoopFixture.Adapter("c")];

    public static TheoryData<int, int, int, bool> Shapes => new()
    {
        // blocks, block tokens, prefill tokens, prefix cache
        { 400, 4, 1, true }, { 400, 4, 7, false }, { 400, 16, 64, true }, { 24, 4, 5, true }, { 24, 4, 64, false }, { 13, 8, 3, true }, { 40, 3, 9, true },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_sequence_gets_the_tokens_that_it_gets_alone_whatever_runs_beside_it(int blocks, int blockTokens, int prefillTokens, bool prefixCache)
    {
        using var fixture = new LoopFixture(blocks, new EngineOptions { BlockTokens = blockTokens, PrefillTokens = prefillTokens, MaxSequences = 12, PrefixCache = prefixCache });
        var random = new Random(7);
        var longest = Math.Min(60, blocks * blockTokens - 20);
        var shared = Enumerable.Range(0, longest).Select(_ => random.Next(LoopFixture.Vocabulary)).ToArray();
        var expected = new List<(Generation Generation, int[] Tokens)>();
        for (var i = 0; i < 80; i++)
        {
            var prompt = shared[..random.Next(1, longest)].Concat(Enumerable.Range(0, random.Next(3)).Select(_ => random.Next(LoopFixture.Vocabulary))).ToArray();
            var adapter = Adapters[random.Next(Adapters.Length)];
            var count = random.Next(1, 16);
            expected.Add((fixture.Submit(prompt, count, adapter), LoopFixture.ExpectedTokens(prompt, count, adapter?.Digest)));
            if (random.Next(3) == 0)
            {
                fixture.Loop.Step();
            }
        }

        fixture.RunToEnd();

        Assert.All(expected, pair =>
        {
            Assert.Equal(FinishReason.Length, pair.Generation.Finish);
            Assert.Equal(pair.Tokens, LoopFixture.TokensOf(pair.Generation));
        });
        Assert.Equal(fixture.Pool.TotalBlocks, fixture.Pool.FreeBlocks);
    }

    [Fact]
    public void Five_hundred_requests_on_a_pool_for_four_sequences_all_end_right()
    {
        using var fixture = new LoopFixture(blocks: 4 * 3, new EngineOptions { BlockTokens = 8, MaxSequences = 64 });
        var requests = Enumerable.Range(0, 500).Select(i =>
        {
            int[] prompt = [i % 90, i / 90, 5, 6, 7, 8, 9, 10, 11];
            return (Generation: fixture.Submit(prompt, 15), Tokens: LoopFixture.ExpectedTokens(prompt, 15, null));
        }).ToList();

        fixture.RunToEnd();

        Assert.All(requests, request => Assert.Equal(request.Tokens, LoopFixture.TokensOf(request.Generation)));
        Assert.Equal(fixture.Pool.TotalBlocks, fixture.Counters.FreeBlocks);
    }

    [Fact]
    public void Requests_that_outgrow_the_pool_are_preempted_and_still_right()
    {
        using var fixture = new LoopFixture(blocks: 16, new EngineOptions { BlockTokens = 2, MaxSequences = 8 });
        var requests = Enumerable.Range(0, 8).Select(i => (Generation: fixture.Submit([i], 30), Tokens: LoopFixture.ExpectedTokens([i], 30, null))).ToList();

        fixture.RunToEnd();

        Assert.All(requests, request => Assert.Equal(request.Tokens, LoopFixture.TokensOf(request.Generation)));
        Assert.True(fixture.Counters.Preemptions > 0, "the pool was meant to be too small");
    }

    [Fact]
    public async Task A_cancelled_request_frees_its_blocks_and_its_adapter_within_a_step()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var leaving = fixture.Submit([1, 2, 3, 4, 5], 50, Adapters[1], released.SetResult);
        var staying = fixture.Submit([6, 7], 50);
        fixture.Loop.Step();
        fixture.Loop.Step();
        var before = fixture.Counters.FreeBlocks;

        leaving.Cancel();
        fixture.Loop.Step();

        Assert.Equal(FinishReason.Cancelled, leaving.Finish);
        Assert.True(fixture.Counters.FreeBlocks > before);
        await released.Task.WaitAsync(TestContext.Current.CancellationToken);
        fixture.RunToEnd();
        Assert.Equal(LoopFixture.ExpectedTokens([6, 7], 50, null), LoopFixture.TokensOf(staying));
    }

    [Fact]
    public void A_long_prompt_does_not_stop_others_from_decoding()
    {
        using var fixture = new LoopFixture(blocks: 600, new EngineOptions { BlockTokens = 4, PrefillTokens = 8 });
        var decoding = fixture.Submit([1], 100);
        fixture.Loop.Step();
        fixture.Submit(Enumerable.Range(0, 2000).Select(i => i % 90).ToArray(), 1);

        for (var step = 1; step < 50; step++)
        {
            var before = decoding.TokenCount;
            fixture.Loop.Step();
            Assert.Equal(before + 1, decoding.TokenCount);
        }

        Assert.All(fixture.Runner.RowsOfSteps, rows => Assert.InRange(rows, 1, 9));
    }

    [Fact]
    public void A_short_prompt_behind_a_long_one_shares_its_steps()
    {
        using var fixture = new LoopFixture(blocks: 600, new EngineOptions { BlockTokens = 4, PrefillTokens = 8 });
        fixture.Submit(Enumerable.Range(0, 2000).Select(i => i % 90).ToArray(), 1);
        var behind = fixture.Submit([1, 2, 3, 4], 1);

        fixture.Loop.Step();

        Assert.Equal(FinishReason.Length, behind.Finish);
    }

    [Fact]
    public void A_second_request_with_the_same_beginning_computes_only_what_is_new()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        var prompt = Enumerable.Range(1, 21).ToArray();
        fixture.Submit(prompt, 1);
        fixture.RunToEnd();

        var second = fixture.Submit(prompt, 1);
        fixture.RunToEnd();

        Assert.Equal(20, second.CachedPromptTokens);
        Assert.Equal([21, 1], fixture.Runner.RowsOfSteps);
    }

    [Fact]
    public void Another_tenant_or_another_adapter_never_finds_a_cached_beginning()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        var prompt = Enumerable.Range(1, 21).ToArray();
        fixture.Submit(prompt, 1);
        fixture.RunToEnd();

        var otherTenant = fixture.Submit(prompt, 1, tenant: "other");
        var otherAdapter = fixture.Submit(prompt, 1, Adapters[1]);
        fixture.RunToEnd();

        Assert.Equal(0, otherTenant.CachedPromptTokens);
        Assert.Equal(0, otherAdapter.CachedPromptTokens);
    }

    [Fact]
    public void Scoring_a_prompt_fills_every_position_and_generates_nothing()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4, PrefillTokens = 5 });
        var prompt = Enumerable.Range(1, 23).ToArray();
        var scored = fixture.Client.Submit(new GenerationRequest { Tenant = "default", PromptTokens = prompt, MaxTokens = 0, PromptLogProbs = 1 });
        fixture.RunToEnd();

        Assert.Equal(FinishReason.Length, scored.Finish);
        Assert.Equal(0, scored.TokenCount);
        for (var i = 1; i < prompt.Length; i++)
        {
            Assert.Equal(BlockMemoryRunner.Expected(prompt.AsSpan(0, i), null, LoopFixture.Vocabulary), scored.PromptLogProbs!.TopIds(i)[0]);
        }
    }

    [Fact]
    public void A_failing_run_ends_its_own_requests_and_no_later_ones()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        var failing = fixture.Submit([1, 2], 4);
        fixture.Runner.OnRun = _ => throw new InvalidOperationException("out of order");
        fixture.Loop.Step();
        fixture.Runner.OnRun = null;

        var later = fixture.Submit([1, 2], 4);
        fixture.RunToEnd();

        Assert.Equal(FinishReason.Failed, failing.Finish);
        Assert.Equal(1, fixture.Counters.FailedSteps);
        Assert.Equal(LoopFixture.ExpectedTokens([1, 2], 4, null), LoopFixture.TokensOf(later));
    }

    [Fact]
    public void A_full_queue_refuses_and_releases_the_adapter()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { MaxSequences = 1, MaxQueued = 2 });
        for (var i = 0; i < 3; i++)
        {
            fixture.Submit([1], 4);
        }

        var released = 0;
        Assert.Throws<EngineBusyException>(() => fixture.Submit([1], 4, Adapters[1], () => released++));
        Assert.Equal(1, released);
        fixture.RunToEnd();
        Assert.NotNull(fixture.Submit([1], 4));
    }

    [Fact]
    public void An_end_id_as_the_last_allowed_token_is_a_stop()
    {
        var end = LoopFixture.ExpectedTokens([3], 3, null)[2];
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions(), [end]);

        var generation = fixture.Submit([3], 3);
        fixture.RunToEnd();

        Assert.Equal(FinishReason.Stop, generation.Finish);
        Assert.Equal(LoopFixture.ExpectedTokens([3], 3, null), LoopFixture.TokensOf(generation));
    }

    [Fact]
    public void Ending_everything_leaves_no_request_without_an_outcome()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { MaxSequences = 2 });
        var generations = Enumerable.Range(0, 5).Select(i => fixture.Submit([i], 50)).ToList();
        fixture.Loop.Step();

        fixture.Loop.EndAll(FinishReason.Drained);

        Assert.All(generations, generation => Assert.Equal(FinishReason.Drained, generation.Finish));
        Assert.Equal(fixture.Pool.TotalBlocks, fixture.Pool.FreeBlocks);
    }
}
