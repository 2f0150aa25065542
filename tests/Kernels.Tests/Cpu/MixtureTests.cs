using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class MixtureTests
{
    public static TheoryData<BottleneckInput> Inputs { get; } = [BottleneckInput.Input, BottleneckInput.Output, BottleneckInput.Sum];

    public static TheoryData<string> Popularities { get; } = ["identical", "distinct", "uniform", "zipf", "with none"];

    [Fact]
    public void Every_width_equals_the_reference()
    {
        foreach (var width in Lengths.All)
        {
            using var batch = new MixtureCase(width, [Weighted(width, BottleneckInput.Sum), Attended(width, BottleneckInput.Sum)], [0, 1, 1, -1, 0, 0]);
            batch.AssertCloseToReference(batch.Run());
        }
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void Every_input_equals_the_reference(BottleneckInput input)
    {
        using var batch = new MixtureCase(48, [Weighted(48, input), Attended(48, input), Plain(48, input)], [0, 0, 1, -1, -1, 1, 2, 0]);
        batch.AssertCloseToReference(batch.Run());
    }

    [Fact]
    public void Each_matrix_of_an_attention_may_be_missing()
    {
        const int width = 40;
        AttentionParts all = Attention(width);
        MixtureRecipe[] recipes =
        [
            .. new[]
            {
                all with { Query = null, QueryBias = null }, all with { QueryBias = null }, all with { KeyTransposed = null }, all with { Value = null },
                all with { QueriesOutput = true }, new AttentionParts(null, null, null, null, QueriesOutput: true),
            }.Select(attention => Attended(width, BottleneckInput.Sum) with { Attention = attention }),
        ];
        using var batch = new MixtureCase(width, recipes, [0, 1, 2, 3, 4, 5, 5, 4]);
        batch.AssertCloseToReference(batch.Run());
    }

    [Theory]
    [MemberData(nameof(Popularities))]
    public void Rows_of_any_popularity_equal_the_reference_and_other_rows_keep_their_bits(string popularity)
    {
        MixtureRecipe[] recipes = [.. Popularity.Ranks.Select((_, i) => i % 2 == 0 ? Weighted(33, BottleneckInput.Sum, i) : Attended(33, BottleneckInput.Output, i))];
        using var batch = new MixtureCase(33, recipes, Popularity.Rows(popularity, 60));
        batch.AssertCloseToReference(batch.Run());
    }

    [Fact]
    public void Threads_and_neighbours_change_no_bit()
    {
        const int width = 600;
        using var batch = new MixtureCase(width, [Weighted(width, BottleneckInput.Sum), Attended(width, BottleneckInput.Sum)], [.. Enumerable.Range(0, 90).Select(row => row / 45)]);
        var expected = batch.Run();
        var parallel = new ThreadParallel(3);
        Assert.Equal(expected, batch.Run(parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 44, 45, 89 })
        {
            Assert.Equal(batch.RunRowAlone(row), expected[(row * width)..((row + 1) * width)]);
        }
    }

    [Fact]
    public void A_mixture_without_a_bottleneck_is_refused()
    {
        using var arena = new WeightArena();
        Assert.Throws<ArgumentOutOfRangeException>(() => MixtureWeights.PackAttention(arena, 4, 0, Attention(4)));
        Assert.ThrowsAny<ArgumentException>(() => MixtureWeights.Of(4, BottleneckInput.Sum, [], [], 1));
        var state = BottleneckWeights.Pack(arena, 4, 4, BottleneckMaker.Convolution(1, 4, 2, 3));
        Assert.Throws<ArgumentException>(() => MixtureWeights.Of(4, BottleneckInput.Sum, [state], [1], 1));
    }

    private static MixtureRecipe Weighted(int width, BottleneckInput input, int seed = 1) => new(input, Children(width, seed), [0.3f, -0.7f], 0.5f, null);

    private static MixtureRecipe Plain(int width, BottleneckInput input) => new(input, [BottleneckMaker.Plain(5, width, 7, width, WeightType.F32)], [1], 1, null);

    /// <summary>Norms behind the bottlenecks do not act under an attention, so those here have none.</summary>
    private static MixtureRecipe Attended(int width, BottleneckInput input, int seed = 1) => new(
        input, [.. Enumerable.Range(0, 3).Select(i => BottleneckMaker.Plain(seed + i, width, 3 + i, width, i == 1 ? WeightType.BF16 : WeightType.F32))], [], 1, Attention(width));

    private static BottleneckParts[] Children(int width, int seed) =>
        [BottleneckMaker.Plain(seed, width, 5, width, WeightType.F32), BottleneckMaker.Full((2 * seed) + 1, width, 17, WeightType.F32)];

    private static AttentionParts Attention(int width)
    {
        var size = 0.5f / width;
        return new AttentionParts(
            RandomData.Floats(31, (long)width * width, size), RandomData.Floats(32, width, 0.1f), RandomData.Floats(33, (long)width * width, size),
            RandomData.Floats(34, (long)width * width, 1 / MathF.Sqrt(width)), QueriesOutput: false);
    }
}
