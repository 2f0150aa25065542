using AdapterServe.Engine.Sampling;

namespace AdapterServe.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    private readonly Sampler _sampler = new();

    public static TheoryData<float, int, float, float> Settings => new()
    {
        { 1, 0, 1, 0 },
        { 0.7f, 0, 1, 0 },
        { 2, 0, 1, 0.1f },
        { 1, 5, 1, 0 },
        { 1, 1, 1, 0 },
        { 1, 1_000, 1, 0 },
        { 1, 0, 0.5f, 0 },
        { 1, 0, 0.95f, 0 },
        { 1, 0, 0.001f, 0 },
        { 1.3f, 20, 0.8f, 0 },
        { 1.3f, 20, 0.8f, 0.3f },
        { 0.5f, 0, 0.99f, 0.05f },
    };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Draws_follow_the_reference_distribution(float temperature, int topK, float topP, float minP)
    {
        const int draws = 20_000;
        var parameters = new SamplingParameters { Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 42 };
        float[] logits = ReferenceSampling.RandomLogits(133, seed: 8);
        double[] expected = ReferenceSampling.Probabilities(logits, parameters);
        var counts = new int[logits.Length];
        foreach (int token in Draws(logits, parameters, draws))
        {
            counts[token]++;
        }

        Assert.All(Enumerable.Range(0, logits.Length), id => Assert.True(expected[id] > 0 || counts[id] == 0, $"Token {id} must not be drawn."));
        AssertChiSquare(expected, counts, draws);
    }

    [Fact]
    public void Draws_over_a_vocabulary_of_many_blocks_follow_the_reference_distribution()
    {
        const int draws = 20_000;
        var parameters = new SamplingParameters { Seed = 3 };
        float[] logits = ReferenceSampling.RandomLogits(5_003, seed: 9, spread: 1);
        var counts = new int[10];
        foreach (int token in Draws(logits, parameters, draws))
        {
            counts[token * 10 / logits.Length]++;
        }

        double[] probabilities = ReferenceSampling.Probabilities(logits, parameters);
        double[] expected = [.. Enumerable.Range(0, 10).Select(bin => probabilities.Where((_, id) => id * 10 / logits.Length == bin).Sum())];
        AssertChiSquare(expected, counts, draws);
    }

    [Theory]
    [InlineData(0, 0.9f, 0, 1)]
    [InlineData(0, 0.5f, 0.2f, 1)]
    [InlineData(2_000, 1, 0, 1)]
    [InlineData(2_000, 0.7f, 0.3f, 1)]
    [InlineData(0, 0.9f, 0, 0.01)]
    public void Draws_among_the_best_of_a_great_vocabulary_follow_the_reference_distribution(int topK, float topP, float minP, double spread)
    {
        const int draws = 20_000;
        const int bins = 12;
        var parameters = new SamplingParameters { Seed = 11, TopK = topK, TopP = topP, MinP = minP };
        float[] logits = ReferenceSampling.RandomLogits(5_003, seed: 9, spread: (float)spread);
        double[] probabilities = ReferenceSampling.Probabilities(logits, parameters);
        int[] ranked = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => probabilities[id]).ThenBy(id => id)];
        int kept = probabilities.Count(probability => probability > 0);
        var binOf = new int[logits.Length];
        for (int rank = 0; rank < ranked.Length; rank++)
        {
            binOf[ranked[rank]] = Math.Min(rank * bins / kept, bins);
        }

        var (counts, expected) = (new int[bins + 1], new double[bins + 1]);
        foreach (int token in Draws(logits, parameters, draws))
        {
            counts[binOf[token]]++;
        }

        for (int id = 0; id < logits.Length; id++)
        {
            expected[binOf[id]] += probabilities[id];
        }

        Assert.Equal(0, counts[bins]);
        AssertChiSquare(expected[..bins], counts[..bins], draws);
    }

    [Theory]
    [InlineData(1f)]
    [InlineData(1e30f)]
    [InlineData(1e-30f)]
    public void Equal_logits_without_end_keep_their_first_ids(float temperature)
    {
        var parameters = new SamplingParameters { Temperature = temperature, TopP = 0.25f, Seed = 1 };
        Assert.All(Draws(Enumerable.Repeat(3f, 40_000).ToArray(), parameters, 200), token => Assert.InRange(token, 0, 9_999));
    }

    [Fact]
    public void The_kept_tokens_equal_the_references_for_vocabularies_of_every_size()
    {
        for (int size = 1; size < 400; size += 7)
        {
            float[] logits = ReferenceSampling.RandomLogits(size, seed: size);
            var parameters = new SamplingParameters { TopP = 0.6f, TopK = 1 + (size / 3), Seed = (ulong)size };
            double[] expected = ReferenceSampling.Probabilities(logits, parameters);
            Assert.All(Draws(logits, parameters, 50), token => Assert.True(expected[token] > 0));
        }
    }

    [Theory]
    [InlineData(0, 0.5f)]
    [InlineData(0, 0.9999f)]
    [InlineData(700, 1f)]
    [InlineData(9_000, 0.9f)]
    [InlineData(1_024, 0.9f)]
    [InlineData(1_025, 1f)]
    public void Kept_tokens_of_a_great_vocabulary_with_many_ties_equal_the_references(int topK, float topP)
    {
        float[] logits = [.. ReferenceSampling.RandomLogits(20_011, seed: 6).Select(logit => MathF.Round(logit, 1))];
        var ranking = new CandidateRanking();
        int best = topK > 0 ? topK : 3_000;
        ranking.Load(logits, best);
        ranking.Sort(best);
        int[] expected = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(best)];
        Assert.Equal(expected, Enumerable.Range(0, ranking.Count).Select(rank => ranking[rank]));

        var parameters = new SamplingParameters { TopK = topK, TopP = topP, Seed = 5 };
        double[] probabilities = Probabilities(logits, parameters);
        Assert.All(Draws(logits, parameters, 2_000), token => Assert.True(probabilities[token] > 0));
    }

    // The reference is quadratic; this one takes the sorted list's running sum.
    private static double[] Probabilities(float[] logits, SamplingParameters parameters)
    {
        double max = logits.Max();
        double[] weights = [.. logits.Select(logit => Math.Exp(logit - max))];
        int[] ranked = [.. Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(parameters.TopK > 0 ? parameters.TopK : logits.Length)];
        double wanted = parameters.TopP * ranked.Sum(id => weights[id]);
        double sum = 0;
        foreach (int id in ranked)
        {
            weights[id] = parameters.TopP == 1 || sum < wanted ? weights[id] : 0;
            sum += weights[id];
        }

        var kept = ranked.ToHashSet();
        return [.. weights.Select((weight, id) => kept.Contains(id) ? weight : 0)];
    }

    [Fact]
    public void The_same_seed_repeats_and_another_differs()
    {
        float[] logits = ReferenceSampling.RandomLogits(500, seed: 1);
        var parameters = new SamplingParameters { Seed = 7, TopP = 0.9f };
        Assert.Equal(Draws(logits, parameters, 50), Draws(logits, parameters, 50));
        Assert.NotEqual(Draws(logits, parameters, 50), Draws(logits, parameters with { Seed = 8 }, 50));
    }

    [Fact]
    public void A_draw_depends_on_its_position_and_not_on_what_was_drawn_before()
    {
        float[] logits = ReferenceSampling.RandomLogits(500, seed: 1);
        var parameters = new SamplingParameters { Seed = 7 };
        int[] straight = Draws(logits, parameters, 30);
        SamplingState state = State(parameters);
        var others = new SamplingState(parameters with { Seed = 99, Temperature = 3 }, [], [], 100);
        int[] mixed = new int[30];
        for (int position = 0; position < 30; position++)
        {
            // Every third token is forced by other logits, and another sequence draws in between.
            float[] step = position % 3 == 0 ? ReferenceSampling.RandomLogits(500, seed: 50 + position, spread: 9) : [.. logits];
            mixed[position] = _sampler.Sample(step, state);
            _sampler.Sample([.. logits], others);
        }

        Assert.All(Enumerable.Range(0, 30).Where(position => position % 3 != 0), position => Assert.Equal(straight[position], mixed[position]));
    }

    [Fact]
    public void Greedy_takes_the_smaller_id_of_equal_logits_at_every_place()
    {
        for (int size = 2; size < 70; size++)
        {
            for (int first = 0; first < size - 1; first++)
            {
                var logits = new float[size];
                Array.Fill(logits, -1f);
                logits[first] = 2;
                logits[size - 1] = 2;
                Assert.Equal(first, _sampler.Sample(logits, State(SamplingParameters.Greedy)));
            }
        }
    }

    [Fact]
    public void Top_k_keeps_the_smaller_ids_of_equal_logits()
    {
        float[] logits = [0, -0f, 0, 0, 0];
        int[] drawn = Draws(logits, new SamplingParameters { TopK = 2 }, 200);
        Assert.Equal([0, 1], drawn.Distinct().Order());
    }

    [Fact]
    public void A_temperature_near_zero_is_greedy()
    {
        float[] logits = ReferenceSampling.RandomLogits(100, seed: 4);
        int best = Array.IndexOf(logits, logits.Max());
        Assert.All(Draws(logits, new SamplingParameters { Temperature = float.Epsilon }, 50), token => Assert.Equal(best, token));
    }

    private int[] Draws(float[] logits, SamplingParameters parameters, int count)
    {
        SamplingState state = State(parameters, count);
        return [.. Enumerable.Range(0, count).Select(_ => _sampler.Sample([.. logits], state))];
    }

    private static SamplingState State(SamplingParameters parameters, int maxTokens = 100) => new(parameters, [], [], maxTokens);

    // Bins that expect fewer than ten draws are joined, as the test's approximation needs.
    private static void AssertChiSquare(double[] expected, int[] counts, int draws)
    {
        var bins = new List<(double Expected, double Count)> { (0, 0) };
        foreach (int id in Enumerable.Range(0, expected.Length).OrderBy(id => expected[id]))
        {
            bins[^1] = (bins[^1].Expected + (expected[id] * draws), bins[^1].Count + counts[id]);
            if (bins[^1].Expected >= 10)
            {
                bins.Add((0, 0));
            }
        }

        bins.RemoveAt(bins.Count - 1);
        int freedom = bins.Count - 1;
        if (freedom == 0)
        {
            return;
        }

        double statistic = bins.Sum(bin => Math.Pow(bin.Count - bin.Expected, 2) / bin.Expected);
        double spread = 2.0 / (9 * freedom);
        double bound = freedom * Math.Pow(1 - spread + (Tolerances.ChiSquareNormalQuantile * Math.Sqrt(spread)), 3);
        Assert.True(statistic < bound, $"chi-square {statistic} with {freedom} degrees of freedom exceeds {bound}");
    }
}
