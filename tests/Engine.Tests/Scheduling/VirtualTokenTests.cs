using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Scheduling;

public sealed class VirtualTokenTests
{
    private static readonly AdapterWeights Prefix = LoopFixture.Adapter("prefix", VirtualTokenKind.Prefix, 9);
    private static readonly AdapterWeights Uncounted = LoopFixture.Adapter("uncounted", VirtualTokenKind.UncountedPrefix, 4);
    private static readonly AdapterWeights Soft = LoopFixture.Adapter("soft", VirtualTokenKind.SoftPrompt, 11);
    private static readonly AdapterWeights Plain = LoopFixture.Adapter("plain");
    private static readonly AdapterWeights?[] Adapters = [null, Plain, Prefix, Uncounted, Soft];

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
        var random = new Random(11);
        var longest = Math.Min(50, blocks * blockTokens - 30);
        var shared = Enumerable.Range(0, longest).Select(_ => random.Next(LoopFixture.Vocabulary)).ToArray();
        var expected = new List<(Generation Generation, int[] Tokens)>();
        for (var i = 0; i < 80; i++)
        {
            var prompt = shared[..random.Next(1, longest)];
            var adapter = Adapters[random.Next(Adapters.Length)];
            var count = random.Next(1, 16);
            expected.Add((fixture.Submit(prompt, count, adapter), LoopFixture.ExpectedTokens(Beginning(adapter, prompt), count)));
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
        Assert.Equal(blocks <= 40, fixture.Counters.Preemptions > 0);
    }

    [Fact]
    public void A_prefix_costs_no_row_and_a_soft_prompt_one_row_a_token()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        fixture.Submit([1, 2, 3], 2, Prefix);
        fixture.RunToEnd();
        Assert.Equal([3, 1], fixture.Runner.RowsOfSteps);
        fixture.Runner.RowsOfSteps.Clear();

        fixture.Submit([1, 2, 3], 2, Soft);
        fixture.RunToEnd();
        Assert.Equal([11 + 3, 1], fixture.Runner.RowsOfSteps);
    }

    [Fact]
    public void Full_virtual_blocks_are_shared_between_sequences_of_one_tenant_and_adapter_and_count_as_no_cached_prompt()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        fixture.Submit([1, 2, 3, 4, 5, 6, 7, 8], 1, Soft);
        fixture.RunToEnd();
        fixture.Runner.RowsOfSteps.Clear();

        var other = fixture.Submit([20, 21], 1, Soft);
        fixture.RunToEnd();
        var same = fixture.Submit([1, 2, 3, 4, 5, 6, 7, 8], 1, Soft);
        fixture.RunToEnd();
        var stranger = fixture.Submit([20, 21], 1, Soft, tenant: "other");
        fixture.RunToEnd();

        // 11 virtual tokens are two full blocks and three tokens of a block that they share with text.
        Assert.Equal([3 + 2, 3, 11 + 2], fixture.Runner.RowsOfSteps);
        Assert.Equal((0, 16 - 11, 0), (other.CachedPromptTokens, same.CachedPromptTokens, stranger.CachedPromptTokens));
    }

    [Fact]
    public void A_shared_prefix_takes_no_blocks_of_its_own()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        fixture.Submit([1, 2, 3], 40, Prefix);
        fixture.Loop.Step();
        var before = fixture.Counters.FreeBlocks;

        fixture.Submit([9, 8, 7], 40, Prefix);
        fixture.Loop.Step();

        // 9 virtual tokens and 3 of text are three blocks, of which two are the first request's; that one begins a fourth block in this step.
        Assert.Equal(1 + 1, before - fixture.Counters.FreeBlocks);
        fixture.RunToEnd();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(64)]
    public void Scores_of_the_prompt_stand_at_the_prompts_own_places(int prefillTokens)
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4, PrefillTokens = prefillTokens });
        var prompt = Enumerable.Range(1, 23).ToArray();
        foreach (var adapter in Adapters)
        {
            foreach (var count in (int[])[0, 3])
            {
                var scored = fixture.Client.Submit(new GenerationRequest
                {
                    Tenant = "default", PromptTokens = prompt, MaxTokens = count, PromptLogProbs = 1, Adapter = adapter is null ? null : new AdapterLease(adapter, () => { }),
                });
                fixture.RunToEnd();

                Assert.Equal(count, scored.TokenCount);
                for (var i = 1; i < prompt.Length; i++)
                {
                    Assert.Equal(BlockMemoryRunner.Expected(Beginning(adapter, prompt[..i]), LoopFixture.Vocabulary), scored.PromptLogProbs!.TopIds(i)[0]);
                }
            }
        }
    }

    [Fact]
    public void Virtual_tokens_count_against_the_context()
    {
        using var fixture = new LoopFixture(blocks: 5, new EngineOptions { BlockTokens = 4 });
        var fits = fixture.Submit([1, 2, 3], 20 - 3 - 11, Soft);
        var released = 0;
        var error = Assert.Throws<ArgumentException>(() => fixture.Submit([1, 2, 3], 20 - 3 - 11 + 1, Soft, () => released++));
        fixture.RunToEnd();

        Assert.Contains("11 virtual tokens", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, released);
        Assert.Equal(6, fits.TokenCount);
    }

    [Fact]
    public void A_step_that_fails_leaves_no_prefix_that_a_later_request_would_take_for_written()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        fixture.Runner.OnRun = _ => throw new InvalidOperationException("out of order");
        var failing = fixture.Submit([1, 2], 4, Prefix);
        fixture.Loop.Step();
        fixture.Runner.OnRun = null;

        var later = fixture.Submit([1, 2], 4, Prefix);
        fixture.RunToEnd();

        Assert.Equal(FinishReason.Failed, failing.Finish);
        Assert.Equal(LoopFixture.ExpectedTokens(Beginning(Prefix, [1, 2]), 4), LoopFixture.TokensOf(later));
    }

    private static IEnumerable<(int Token, string? Adapter)> Beginning(AdapterWeights? adapter, int[] prompt) =>
        (adapter?.VirtualTokens is null ? [] : LoopFixture.Virtual(adapter)).Concat(prompt.Select(token => (token, adapter?.Digest)));
}
