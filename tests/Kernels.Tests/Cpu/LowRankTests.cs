using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class LowRankTests
{
    public static TheoryData<WeightType> Types { get; } = [WeightType.F32, WeightType.BF16, WeightType.Int8, WeightType.Bit];

    public static TheoryData<string, WeightType> Popularities { get; } = new MatrixTheoryData<string, WeightType>(
        ["identical", "distinct", "uniform", "zipf", "with none"], [WeightType.F32, WeightType.BF16, WeightType.Int8, WeightType.Bit]);

    public static TheoryData<int, WeightType> RanksAndTypes { get; } = new MatrixTheoryData<int, WeightType>(
        [1, 3, 8, 16, 17, 64, 256], [WeightType.F32, WeightType.BF16, WeightType.Int8, WeightType.Bit]);

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_length_of_input_and_output_equals_the_reference(WeightType type)
    {
        foreach (var length in Lengths.All)
        {
            Check(length, 17, type);
            Check(16, length, type);
            Check(length, length, type);
        }

        static void Check(int inFeatures, int outFeatures, WeightType type)
        {
            using var batch = new LowRankCase(inFeatures, outFeatures, [5, 16], [0, 1, 1, -1, 0, 0, 0, 0, 0], type);
            batch.AssertCloseToReference(batch.Run());
        }
    }

    [Theory]
    [MemberData(nameof(RanksAndTypes))]
    public void Every_rank_equals_the_reference(int rank, WeightType type)
    {
        using var batch = new LowRankCase(72, 90, [rank, 2], [0, 1, 0, 0, 0, -1, 0, 0, 0, 0, 0], type);
        batch.AssertCloseToReference(batch.Run());
    }

    [Theory]
    [MemberData(nameof(Popularities))]
    public void Every_popularity_of_adapters_equals_the_reference(string popularity, WeightType type)
    {
        using var batch = new LowRankCase(64, 80, Popularity.Ranks, Popularity.Rows(popularity, 40), type);
        batch.AssertCloseToReference(batch.Run());
    }

    [Theory]
    [MemberData(nameof(Popularities))]
    public void A_row_has_the_same_bits_alone_and_among_any_neighbours(string popularity, WeightType type)
    {
        const int outFeatures = 83;
        using var batch = new LowRankCase(100, outFeatures, Popularity.Ranks, Popularity.Rows(popularity, 23), type);
        var together = batch.Run();
        for (var row = 0; row < 23; row++)
        {
            Assert.Equal(batch.RunRowAlone(row), together[(row * outFeatures)..((row + 1) * outFeatures)]);
        }
    }

    [Theory]
    [InlineData("identical", 2)]
    [InlineData("identical", 3)]
    [InlineData("distinct", 2)]
    [InlineData("zipf", 3)]
    [InlineData("uniform", 8)]
    public void Threads_change_no_bit(string popularity, int threads)
    {
        var parallel = new ThreadParallel(threads);
        using var batch = new LowRankCase(272, 272, Popularity.Ranks, Popularity.Rows(popularity, 80), WeightType.BF16);
        Assert.Equal(batch.Run(), batch.Run(parallel));
        Assert.NotEqual(0, parallel.Calls);
    }

    [Fact]
    public void One_large_rank_in_one_row_is_shared_between_threads()
    {
        var parallel = new ThreadParallel(4);
        using var batch = new LowRankCase(400, 400, [256, 8], [0, 1, -1], WeightType.F32);
        Assert.Equal(batch.Run(), batch.Run(parallel));
        Assert.Equal(2, parallel.Calls);
    }

    [Fact]
    public void Rows_without_an_adapter_keep_their_bits()
    {
        using var batch = new LowRankCase(33, 31, [4], [-1, 0, -1, -1, 0, -1], WeightType.F32);
        batch.Y[0] = float.NaN;
        batch.Y[2 * 31] = -0f;
        var result = batch.Run();
        foreach (var row in new[] { 0, 2, 3, 5 })
        {
            Assert.Equal(Bits(batch.Y, row), Bits(result, row));
        }

        static int[] Bits(float[] values, int row) => Array.ConvertAll(values[(row * 31)..((row + 1) * 31)], BitConverter.SingleToInt32Bits);
    }

    [Fact]
    public unsafe void No_segment_is_no_work()
    {
        LowRank.Add(null, 16, null, 16, [], null, new SerialParallel());
    }

    [Fact]
    public unsafe void Weights_of_another_width_are_refused_with_both_widths_named()
    {
        using var arena = new WeightArena();
        var weights = LowRankWeights.Pack(arena, 1, 4, 3, new float[4], new float[3], 1, WeightType.F32);
        var workspace = stackalloc byte[(int)LowRank.WorkspaceBytes(2, 1, 1, 5)];
        var error = Assert.Throws<ArgumentException>(
            () => LowRank.Add(null, 5, null, 3, [new LowRankSegment(0, 2, weights)], workspace, new SerialParallel()));
        Assert.Equal("LowRank: in features of the weights must be 5, got 4.", error.Message);
        error = Assert.Throws<ArgumentException>(
            () => LowRank.Add(null, 4, null, 3, [new LowRankSegment(2, 1, weights)], workspace, new SerialParallel()));
        Assert.StartsWith("LowRank: row end", error.Message, StringComparison.Ordinal);
    }
}
