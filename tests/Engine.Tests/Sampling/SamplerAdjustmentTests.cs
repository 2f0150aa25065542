using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Tests.Sampling;

/// <summary>What happens to the logits before a token is chosen, seen through greedy choices.</summary>
public sealed class SamplerAdjustmentTests
{
    private readonly Sampler _sampler = new();

    [Fact]
    public void Logit_bias_is_added_and_ids_outside_the_vocabulary_are_passed_over()
    {
        SamplingParameters parameters = SamplingParameters.Greedy with { LogitBias = [new(0, -3), new(2, 1.5f), new(99, 100), new(-1, 100)] };
        Assert.Equal(2, Greedy([2, 0, 0], parameters));
        Assert.Equal(1, Greedy([2, 0, -2], parameters));
    }

    [Fact]
    public void End_and_stop_ids_cannot_be_drawn_before_the_minimum()
    {
        SamplingParameters parameters = SamplingParameters.Greedy with { MinTokens = 2, StopTokenIds = [1] };
        var state = new SamplingState(parameters, [0], [], 10);
        Assert.Equal([2, 2, 0], Enumerable.Range(0, 3).Select(_ => _sampler.Sample([9, 8, 7], state)));
    }

    [Fact]
    public void A_sequence_ends_with_end_ids_that_are_not_ignored_and_with_stop_ids()
    {
        var state = new SamplingState(SamplingParameters.Greedy with { StopTokenIds = [5] }, [2, 3], [], 10);
        Assert.Equal([2, 3, 5], Enumerable.Range(0, 8).Where(state.EndsSequence));
        var ignoring = new SamplingState(SamplingParameters.Greedy with { StopTokenIds = [5], IgnoreEos = true }, [2, 3], [], 10);
        Assert.Equal([5], Enumerable.Range(0, 8).Where(ignoring.EndsSequence));
    }

    [Fact]
    public void Repetition_divides_positive_and_multiplies_negative_logits_of_prompt_and_generated_tokens()
    {
        SamplingParameters parameters = SamplingParameters.Greedy with { RepetitionPenalty = 2 };
        var state = new SamplingState(parameters, [], [0], 10);

        // Token 0 stands in the prompt: 3 counts as 1.5. Then token 1 is drawn and counts as half too.
        Assert.Equal(1, _sampler.Sample([3, 2, 1.2f], state));
        Assert.Equal(0, _sampler.Sample([3, 2, 1.2f], state));
        Assert.Equal(2, _sampler.Sample([-1, -1, -1.9f], state));
    }

    [Fact]
    public void Presence_counts_once_and_frequency_each_time_and_neither_counts_the_prompt()
    {
        var presence = new SamplingState(SamplingParameters.Greedy with { PresencePenalty = 1.5f }, [], [0, 0], 10);
        Assert.Equal([0, 1, 0, 0], Enumerable.Range(0, 4).Select(_ => _sampler.Sample([2, 1, 0], presence)));
        var frequency = new SamplingState(SamplingParameters.Greedy with { FrequencyPenalty = 0.6f }, [], [0, 0], 10);
        Assert.Equal([0, 0, 1, 0, 1], Enumerable.Range(0, 5).Select(_ => _sampler.Sample([2, 1, 0], frequency)));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Logits_that_are_no_numbers_are_never_drawn(float temperature)
    {
        float[] logits = [float.NaN, float.NegativeInfinity, 1, float.NaN, float.NegativeInfinity];
        foreach (SamplingParameters parameters in Variants(temperature))
        {
            var state = new SamplingState(parameters, [], [], 20);
            Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(2, _sampler.Sample([.. logits], state)));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void Where_nothing_can_be_drawn_the_smallest_allowed_id_is(float temperature)
    {
        foreach (SamplingParameters parameters in Variants(temperature))
        {
            var state = new SamplingState(parameters with { MinTokens = 5 }, [0, 1], [], 20);
            Assert.Equal(2, _sampler.Sample([float.NaN, 3, float.NegativeInfinity, float.NaN], state));
            Assert.Equal(0, _sampler.Sample([float.NaN, float.NegativeInfinity], new SamplingState(parameters, [], [], 1)));
        }
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(1f)]
    public void An_infinite_logit_is_drawn_the_smaller_id_of_two(float temperature)
    {
        foreach (SamplingParameters parameters in Variants(temperature))
        {
            var state = new SamplingState(parameters, [], [], 20);
            Assert.Equal(1, _sampler.Sample([4, float.PositiveInfinity, float.PositiveInfinity, float.NaN], state));
        }
    }

    [Fact]
    public void Drawing_allocates_nothing()
    {
        foreach (SamplingParameters variant in Variants(0).Concat(Variants(1)))
        {
            SamplingParameters parameters = variant with { PresencePenalty = 0.1f, RepetitionPenalty = 1.1f, MinTokens = 3, LogitBias = [new(3, 1)] };
            var state = new SamplingState(parameters, [1], [4, 5, 6], 200);
            float[] source = ReferenceSampling.RandomLogits(3_000, seed: 2);
            var logits = new float[source.Length];
            long before = 0;
            for (int i = 0; i < 200; i++)
            {
                before = i == 20 ? GC.GetAllocatedBytesForCurrentThread() : before;
                source.CopyTo(logits, 0);
                _sampler.Sample(logits, state);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    [Theory]
    [InlineData(0u, 0u, 0x6627E8D5u, 0xE169C58Du, 0xBC57AC4Cu, 0x9B00DBD8u)]
    [InlineData(0xFFFFFFFFu, 0xFFFFFFFFu, 0x408F276Du, 0x41C83B0Eu, 0xA20BC7C6u, 0x6D5451FDu)]
    public void Philox_gives_the_numbers_that_its_authors_published(uint counter, uint key, uint first, uint second, uint third, uint fourth) =>
        Assert.Equal((first, second, third, fourth), Philox.Generate(counter, counter, counter, counter, key, key));

    private static IEnumerable<SamplingParameters> Variants(float temperature) =>
    [
        new() { Temperature = temperature },
        new() { Temperature = temperature, TopK = 3 },
        new() { Temperature = temperature, TopP = 0.9f },
        new() { Temperature = temperature, MinP = 0.1f },
        new() { Temperature = temperature, TopK = 3, TopP = 0.9f, MinP = 0.1f },
    ];

    private int Greedy(float[] logits, SamplingParameters parameters) => _sampler.Sample(logits, new SamplingState(parameters, [], [], 10));
}
