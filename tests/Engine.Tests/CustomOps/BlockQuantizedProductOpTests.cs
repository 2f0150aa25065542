using AdapterServe.OnnxRuntime;

namespace AdapterServe.Engine.Tests.CustomOps;

/// <summary>Our product beside ONNX Runtime's MatMulNBits at accuracy level 4, both against f64 over the same weights and unrounded rows.</summary>
public sealed class BlockQuantizedProductOpTests
{
    [Theory]
    [InlineData(32, 896, 300, false)]
    [InlineData(32, 1000, 130, true)]
    [InlineData(64, 896, 128, true)]
    [InlineData(128, 640, 200, true)]
    [InlineData(128, 4864, 64, false)]
    public void Its_error_is_within_its_bound_and_no_larger_than_that_of_the_operator_that_it_replaces(
        int blockSize, int inFeatures, int outFeatures, bool hasZeroPoints)
    {
        const int rows = 9;
        using var graph = new BlockProductGraph(blockSize, inFeatures, outFeatures, hasZeroPoints);
        var x = Rows(rows * inFeatures);
        var ours = graph.RunOurs(x);
        var theirs = graph.RunTheirs(x);
        var (ourSquares, theirSquares) = (0.0, 0.0);
        for (var row = 0; row < rows; row++)
        {
            var values = x[(row * inFeatures)..((row + 1) * inFeatures)];
            for (var o = 0; o < outFeatures; o++)
            {
                var exact = graph.Exact(values, o);
                var error = ours[(row * outFeatures) + o] - exact;
                Assert.True(Math.Abs(error) <= graph.Bound(values, o), $"[{row}, {o}]: expected {exact}, got {exact + error}");
                ourSquares += error * error;
                theirSquares += Square(theirs[(row * outFeatures) + o] - exact);
            }
        }

        Assert.True(ourSquares <= theirSquares * Tolerances.BlockProductErrors, $"errors' squares: ours {ourSquares}, theirs {theirSquares}");
        Assert.True(ourSquares > 0);
    }

    [Fact]
    public void In_blocks_of_32_it_differs_from_the_operator_that_it_replaces_by_the_order_of_sums_alone()
    {
        using var graph = new BlockProductGraph(32, 896, 300, hasZeroPoints: false);
        var x = Rows(5 * 896);
        var theirs = graph.RunTheirs(x);
        var tolerance = Tolerances.BlockProductOrder * theirs.Max(MathF.Abs);
        Assert.All(graph.RunOurs(x).Zip(theirs), pair => Assert.InRange(pair.First, pair.Second - tolerance, pair.Second + tolerance));
    }

    [Fact]
    public void Any_number_of_rows_goes_through_one_op_with_the_bits_of_each_alone()
    {
        using var graph = new BlockProductGraph(32, 300, 200, hasZeroPoints: true);
        var x = Rows(70 * 300);
        var together = graph.RunOurs(x);
        foreach (var row in (int[])[0, 1, 69])
        {
            Assert.Equal(graph.RunOurs(x[(row * 300)..((row + 1) * 300)]), together[(row * 200)..((row + 1) * 200)]);
        }

        Assert.Empty(graph.RunOurs([]));
    }

    [Fact]
    public void Weights_of_another_size_fail_the_run_with_both_sizes_named()
    {
        using var graph = new BlockProductGraph(32, 64, 64, hasZeroPoints: false);
        var error = Assert.Throws<OnnxRuntimeException>(() => graph.RunOurs(Rows(64), cutBytes: 64));
        Assert.Contains("weights of [64, 64] must have 2560 bytes, got 2496", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_size_that_it_does_not_have_fails_the_load()
    {
        using var graph = new BlockProductGraph(16, 64, 64, hasZeroPoints: false);
        Assert.Contains("block size", Assert.ThrowsAny<Exception>(() => graph.RunOurs(Rows(64))).Message, StringComparison.Ordinal);
    }

    /// <summary>Normal values, of which one in a hundred is large, as activations are.</summary>
    private static float[] Rows(int count)
    {
        var random = new Random(count);
        return [.. Enumerable.Range(0, count).Select(i =>
            (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * (i % 97 == 0 ? 20 : 1)))];
    }

    private static double Square(double value) => value * value;
}
