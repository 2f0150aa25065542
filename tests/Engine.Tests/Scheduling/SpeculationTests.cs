using AdapterServe.Engine.Requests;
using AdapterServe.Engine.Sampling;
using AdapterServe.Engine.Speculation;

namespace AdapterServe.Engine.Tests.Scheduling;

/// <summary>Guessed tokens: they change how many steps an answer takes, and nothing of the answer.</summary>
public sealed class SpeculationTests
{
    private static readonly EngineOptions s_options = new() { MaxSequences = 4, PrefillTokens = 8, BlockTokens = 4, SpeculativeTokens = 4, SpeculativeSequences = 4 };

    [Theory]
    [InlineData(new[] { 1, 2, 3, 4, 9, 1, 2, 3, 4 }, new[] { 9, 1, 2, 3 })]
    [InlineData(new[] { 5, 6, 7, 8, 5, 6 }, new[] { 7, 8, 5, 6 })]
    [InlineData(new[] { 5, 6, 1, 5, 6, 2, 5, 6 }, new[] { 2, 5, 6 })]
    [InlineData(new[] { 3, 3, 3 }, new[] { 3 })]
    [InlineData(new[] { 1, 2, 3, 4 }, new int[0])]
    [InlineData(new[] { 1 }, new int[0])]
    public void A_guess_is_what_followed_the_longest_ending_last_time(int[] tokens, int[] guess)
    {
        var draft = new int[4];
        var count = PromptLookup.Guess(tokens, draft);
        Assert.Equal(guess, draft[..count]);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(2, false)]
    [InlineData(int.MaxValue, true)]
    public void Answers_are_those_without_guesses_in_fewer_steps_where_texts_repeat(int horizon, bool prefixCache)
    {
        var (plain, plainSteps, _) = Run(s_options with { SpeculativeTokens = 0, PrefixCache = prefixCache }, horizon);
        var (guessed, steps, counters) = Run(s_options with { PrefixCache = prefixCache }, horizon);

        Assert.Equal(plain, guessed);
        Assert.InRange(counters.HeldDrafts, 0, counters.Drafts);
        if (horizon == 1)
        {
            Assert.True(steps < 0.6 * plainSteps, $"{steps} steps with guesses, {plainSteps} without");
        }
    }

    [Fact]
    public void Guesses_take_no_block_from_anybody()
    {
        using var fixture = new LoopFixture(8, s_options with { PrefixCache = false });
        fixture.Runner.Horizon = 1;
        var generations = Enumerable.Range(0, 2).Select(i => fixture.Submit([i, 3, 4], 13)).ToList();
        fixture.RunToEnd();

        Assert.Equal(0, fixture.Counters.Preemptions);
        Assert.All(generations, generation => Assert.Equal(13, generation.TokenCount));
    }

    [Fact]
    public void An_end_id_among_guesses_that_hold_ends_the_answer_there()
    {
        var cycle = CycleFrom([3, 1, 4]);
        using var fixture = new LoopFixture(40, s_options, endIds: [cycle[^1]]);
        fixture.Runner.Horizon = 1;
        int[] prompt = [3, 1, 4, .. cycle, .. cycle[..^1]];

        var generation = fixture.Submit(prompt, 50);
        fixture.RunToEnd();

        Assert.Equal(FinishReason.Stop, generation.Finish);
        Assert.Equal(1, generation.TokenCount);
        Assert.Equal(40, fixture.Pool.FreeBlocks);
    }

    [Fact]
    public void Nothing_is_guessed_while_more_sequences_run_than_are_allowed_to()
    {
        using var fixture = new LoopFixture(100, s_options with { SpeculativeSequences = 1 });
        fixture.Runner.Horizon = 1;
        foreach (var first in (int[])[1, 2])
        {
            fixture.Submit([first, 3, 4], 40);
        }

        fixture.RunToEnd();
        Assert.Equal(0, fixture.Counters.Drafts);
    }

    private static (int[][] Tokens, int Steps, EngineCounters Counters) Run(EngineOptions options, int horizon)
    {
        using var fixture = new LoopFixture(60, options);
        fixture.Runner.Horizon = horizon;
        var generations = Enumerable.Range(0, 6).Select(i => fixture.Submit(
            [i, 7, 5, 7, 5], 30 + i, tenant: $"{i % 2}", sampling: i % 3 == 0 ? SamplingParameters.Greedy : new SamplingParameters { Temperature = 0.5f, Seed = (ulong)i, RepetitionPenalty = 1.0001f })).ToList();
        var steps = fixture.RunToEnd();
        return ([.. generations.Select(LoopFixture.TokensOf)], steps, fixture.Counters);
    }

    /// <summary>The tokens that come round again and again when each depends on the last alone.</summary>
    private static int[] CycleFrom(int[] prompt)
    {
        using var fixture = new LoopFixture(100, s_options with { SpeculativeTokens = 0 });
        fixture.Runner.Horizon = 1;
        var generation = fixture.Submit(prompt, 200);
        fixture.RunToEnd();
        var tokens = LoopFixture.TokensOf(generation);
        var last = tokens[^1];
        var before = Array.LastIndexOf(tokens, last, tokens.Length - 2);
        return tokens[(before + 1)..];
    }
}
