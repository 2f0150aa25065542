using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Engine.KvCache;
using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Scheduling;

namespace AdapterServe.Engine.Tests.Scheduling;

public sealed class AdapterSpanTests
{
    private static readonly AdapterWeights A = LoopFixture.Adapter("a");
    private static readonly AdapterWeights B = LoopFixture.Adapter("b");
    private static readonly AdapterWeights Soft = LoopFixture.Adapter("soft", VirtualTokenKind.SoftPrompt, 3);
    private static readonly AdapterWeights Activated = LoopFixture.Activated("activated", 7, 8);
    private static readonly AdapterWeights OtherActivated = LoopFixture.Activated("other", 8);

    [Fact]
    public void An_activated_adapter_begins_where_its_tokens_stand_last()
    {
        Assert.Equal([(0, null), (4, "activated")], Spans([1, 7, 8, 2, 7, 8, 3], Activated));
        Assert.Equal([(0, null), (2, "activated")], Spans([1, 7, 7, 8], Activated));
        Assert.Equal([(0, "activated")], Spans([7, 8, 3], Activated));
    }

    [Fact]
    public void Without_its_tokens_an_activated_adapter_does_nothing()
    {
        Assert.Equal([(0, null)], Spans([1, 7, 2, 8, 7], Activated));
        Assert.Equal([(0, null)], Spans([7], Activated));
    }

    [Fact]
    public void Later_adapters_take_over_at_their_tokens()
    {
        Assert.Equal([(0, "a"), (2, "b"), (4, null)], Spans([1, 2, 3, 4, 5], A, (2, B), (4, null)));
        Assert.Equal([(0, null), (2, "a")], Spans([1, 2, 3], null, (1, null), (2, A)));
        Assert.Equal([(0, "a")], Spans([1, 2, 3], A, (1, A)));
    }

    [Fact]
    public void Virtual_tokens_belong_to_the_first_adapter_and_move_the_others()
    {
        Assert.Equal([(0, "soft"), (5, "b")], Spans([1, 2, 3, 4], Soft, (2, B)));
        Assert.Equal([(0, "soft"), (4, null), (6, "activated")], Spans([1, 2, 3, 7, 8], Soft, (1, Activated)));
    }

    [Fact]
    public void An_activated_adapter_looks_for_its_tokens_in_its_own_part_of_the_prompt_alone()
    {
        Assert.Equal([(0, null), (1, "activated"), (3, "b")], Spans([1, 7, 8, 7, 8], Activated, (3, B)));
        Assert.Equal([(0, "a"), (2, null)], Spans([7, 8, 1, 2, 3], A, (2, Activated)));
    }

    [Fact]
    public void The_base_and_every_activated_adapter_share_what_stands_before_the_activation()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        int[] prompt = [1, 2, 3, 4, 5, 6, 9, 9, 9, 7, 8, 9, 9, 9, 9, 9, 9];
        fixture.Submit(prompt, 1);
        fixture.RunToEnd();

        var activated = Run(fixture, prompt, Activated);
        var other = Run(fixture, prompt, OtherActivated);
        var again = Run(fixture, prompt, Activated);
        var inBase = Run(fixture, prompt, null);

        Assert.Equal((8, 8, 16, 16), (activated.CachedPromptTokens, other.CachedPromptTokens, again.CachedPromptTokens, inBase.CachedPromptTokens));
        Assert.Equal(Expected(prompt, (0, null), (9, "activated")), LoopFixture.TokensOf(activated));
        Assert.Equal(Expected(prompt, (0, null), (10, "other")), LoopFixture.TokensOf(other));
        Assert.Equal(LoopFixture.TokensOf(activated), LoopFixture.TokensOf(again));
        Assert.Equal(Expected(prompt, (0, null)), LoopFixture.TokensOf(inBase));
    }

    [Fact]
    public void Adapters_of_other_places_in_a_block_never_share_it()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions { BlockTokens = 4 });
        int[] prompt = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        for (var from = 1; from < prompt.Length; from++)
        {
            var generation = fixture.Client.Submit(Request(prompt, 2, A, (from, B)));
            fixture.RunToEnd();
            Assert.Equal(from <= 1 ? 0 : (from - 1) / 4 * 4, generation.CachedPromptTokens);
            Assert.Equal(LoopFixture.ExpectedTokens(Tokens(prompt, (0, "a"), (from, "b")), 2), LoopFixture.TokensOf(generation));
        }
    }

    [Theory]
    [MemberData(nameof(VirtualTokenTests.Shapes), MemberType = typeof(VirtualTokenTests))]
    public void Spans_give_the_same_tokens_whatever_runs_beside_them(int blocks, int blockTokens, int prefillTokens, bool prefixCache)
    {
        using var fixture = new LoopFixture(blocks, new EngineOptions { BlockTokens = blockTokens, PrefillTokens = prefillTokens, MaxSequences = 12, PrefixCache = prefixCache });
        var random = new Random(3);
        var longest = Math.Min(50, blocks * blockTokens - 30);
        var shared = Enumerable.Range(0, longest).Select(_ => random.Next(6, 12)).ToArray();
        var expected = new List<(Generation Generation, int[] Tokens)>();
        for (var i = 0; i < 80; i++)
        {
            var prompt = shared[..random.Next(3, longest)];
            var from = random.Next(1, prompt.Length);
            AdapterWeights?[] choice = [null, A, B, Activated, OtherActivated];
            var (first, later) = (choice[random.Next(choice.Length)], choice[random.Next(choice.Length)]);
            var spans = Spans(prompt, first, (from, later)).ToArray();
            expected.Add((fixture.Client.Submit(Request(prompt, 9, first, (from, later))), LoopFixture.ExpectedTokens(Tokens(prompt, spans), 9)));
            if (random.Next(3) == 0)
            {
                fixture.Loop.Step();
            }
        }

        fixture.RunToEnd();

        Assert.All(expected, pair => Assert.Equal(pair.Tokens, LoopFixture.TokensOf(pair.Generation)));
        Assert.Equal(fixture.Pool.TotalBlocks, fixture.Pool.FreeBlocks);
    }

    [Theory]
    [InlineData("at token 0", 0)]
    [InlineData("at token -1", -1)]
    [InlineData("at token 3", 3)]
    [InlineData("at token 1", 1, 1)]
    [InlineData("at token 1", 2, 1)]
    public void Places_outside_of_the_prompt_or_out_of_order_are_refused_and_every_adapter_is_released(string message, params int[] places)
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions());
        var released = 0;
        var request = new GenerationRequest
        {
            Tenant = "default", PromptTokens = [1, 2, 3], MaxTokens = 1, Adapter = new AdapterLease(A, () => released++),
            LaterAdapters = [.. places.Select(place => new LaterAdapter(place, new AdapterLease(B, () => released++)))],
        };
        var error = Assert.Throws<ArgumentException>(() => fixture.Client.Submit(request));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(1 + places.Length, released);
    }

    [Fact]
    public void Virtual_tokens_within_the_prompt_and_too_many_adapters_are_refused()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions());
        var error = Assert.Throws<ArgumentException>(() => fixture.Client.Submit(Request([1, 2, 3], 1, A, (1, Soft))));
        Assert.Contains("virtual tokens", error.Message, StringComparison.Ordinal);
        var many = Enumerable.Range(1, 17).Select(place => (place, (AdapterWeights?)B)).ToArray();
        error = Assert.Throws<ArgumentException>(() => fixture.Client.Submit(Request([.. Enumerable.Range(0, 30)], 1, A, many)));
        Assert.Contains("17 adapters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_adapter_of_a_request_is_released_when_it_ends()
    {
        using var fixture = new LoopFixture(blocks: 64, new EngineOptions());
        var released = new CountdownEvent(2);
        fixture.Client.Submit(new GenerationRequest
        {
            Tenant = "default", PromptTokens = [1, 2, 3], MaxTokens = 1, Adapter = new AdapterLease(A, () => released.Signal()),
            LaterAdapters = [new LaterAdapter(1, null), new LaterAdapter(2, new AdapterLease(B, () => released.Signal()))],
        });
        fixture.RunToEnd();
        await Task.Run(() => released.Wait(TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_switch_of_adapters_is_named_by_the_adapter_and_by_its_place()
    {
        var root = BlockHash.Root("tenant", null);
        BlockHash[] all =
        [
            root, root.Switch(BlockHash.OfDigest("a"), 0), root.Switch(BlockHash.OfDigest("a"), 1), root.Switch(BlockHash.OfDigest("b"), 0),
            root.Switch(BlockHash.OfDigest(null), 0), BlockHash.Root("tenant", "a"),
        ];
        Assert.Equal(all.Length, all.Distinct().Count());
    }

    private static Generation Run(LoopFixture fixture, int[] prompt, AdapterWeights? adapter)
    {
        var generation = fixture.Submit(prompt, 3, adapter);
        fixture.RunToEnd();
        return generation;
    }

    private static GenerationRequest Request(int[] prompt, int maxTokens, AdapterWeights? first, params (int From, AdapterWeights? Adapter)[] later) => new()
    {
        Tenant = "default",
        PromptTokens = prompt,
        MaxTokens = maxTokens,
        Adapter = Lease(first),
        LaterAdapters = [.. later.Select(next => new LaterAdapter(next.From, Lease(next.Adapter)))],
    };

    private static AdapterLease? Lease(AdapterWeights? weights) => weights is null ? null : new AdapterLease(weights, () => { });

    private static IEnumerable<(int Start, string? Adapter)> Spans(int[] prompt, AdapterWeights? first, params (int From, AdapterWeights? Adapter)[] later) =>
        AdapterSpans.Of(Request(prompt, 0, first, later)).Select(span => (span.Start, span.Weights?.Digest));

    private static int[] Expected(int[] prompt, params (int Start, string? Adapter)[] spans) => LoopFixture.ExpectedTokens(Tokens(prompt, spans), 3);

    private static IEnumerable<(int Token, string? Adapter)> Tokens(int[] prompt, params (int Start, string? Adapter)[] spans) =>
        prompt.Select((token, i) => (token, spans.Last(span => span.Start <= i).Adapter));
}
