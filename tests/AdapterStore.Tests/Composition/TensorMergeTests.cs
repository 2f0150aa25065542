using AdapterServe.AdapterStore.Composition.Merging;

namespace AdapterServe.AdapterStore.Tests.Composition;

/// <summary>How tensors are pruned and combined, by hand.</summary>
public sealed class TensorMergeTests
{
    [Fact]
    public void Plain_methods_add_with_weights() => Assert.Equal([0.5, -1.5], Merge("linear", 1, [1, -2], [0, 1], 0.5, -0.5));

    [Theory]
    [InlineData(0.5, new[] { 0.0, -4, 3, 0 })]
    [InlineData(0.74, new[] { 0.0, -4, 3, 0 })]
    [InlineData(0.75, new[] { 2.0, -4, 3, 0 })]
    [InlineData(0.2, new[] { 0.0, 0, 0, 0 })]
    [InlineData(1, new[] { 2.0, -4, 3, -2 })]
    public void Pruning_by_magnitude_keeps_the_largest_and_of_equal_ones_the_first(double density, double[] expected) =>
        Assert.Equal(expected, Merge("magnitude_prune", density, [2, -4, 3, -2], [0, 0, 0, 0], 1, 1));

    [Fact]
    public void Signs_are_elected_by_sum_or_by_number_and_only_agreeing_values_are_averaged()
    {
        double[][] tensors = [[5, 1, 0, 2], [-1, 1, -1, -2], [-2, -4, 0, 0]];
        Assert.Equal([5, -4, -1, 2], Merge(new MergeOptions(MergeMethod.Find("ties")!), tensors, 1, 1, 1));
        Assert.Equal([-1.5, 1, -1, 2], Merge(new MergeOptions(MergeMethod.Find("ties")!) { ByFrequency = true }, tensors, 1, 1, 1));
    }

    [Fact]
    public void Weights_count_after_the_election() => Assert.Equal([-1.5], Merge("ties", 1, [3], [-1], -0.5, 4));

    [Fact]
    public void Random_pruning_is_what_the_documentation_says()
    {
        Assert.Equal("11110111000100110001101011011011", Kept(new MergeChance(7, 1, "model.layers.0.self_attn.q_proj", "A"), 0.5));
        Assert.Equal("10001111001100101001001000111110", Kept(new MergeChance(0, 0, "lm_head", "delta"), 0.25));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void Random_pruning_keeps_its_share_and_the_mean(double density)
    {
        const int count = 100_000;
        var tensor = new double[count];
        Array.Fill(tensor, 1);
        var merged = Merge(new MergeOptions(MergeMethod.Find("dare_linear")!) { Density = density, Seed = 3 }, [tensor], 1);
        Assert.All(merged, value => Assert.True(value == 0 || value == 1 / density));

        // Five standard deviations of a binomial distribution.
        Assert.Equal(1, merged.Sum() / count, 5 * Math.Sqrt((1 - density) / (density * count)));
    }

    private static double[] Merge(string method, double density, double[] first, double[] second, params double[] weights) =>
        Merge(new MergeOptions(MergeMethod.Find(method)!) { Density = density }, [first, second], weights);

    private static double[] Merge(MergeOptions options, double[][] tensors, params double[] weights) =>
        new TensorMerge(options, [.. tensors.Select((_, i) => new MergeChance(options.Seed, i, "path", "A"))])
            .Combine([.. tensors.Select(tensor => (double[])tensor.Clone())], weights);

    private static string Kept(MergeChance chance, double density) => string.Concat(Enumerable.Range(0, 32).Select(i => chance.Keeps(i, density) ? '1' : '0'));
}
