using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class BottleneckTests
{
    public static TheoryData<WeightType> Types { get; } = [WeightType.F32, WeightType.BF16, WeightType.Bit];

    public static TheoryData<Activation> Functions { get; } = [.. Enum.GetValues<Activation>()];

    public static TheoryData<BottleneckInput, WeightType> InputsAndTypes { get; } = new MatrixTheoryData<BottleneckInput, WeightType>(
        Enum.GetValues<BottleneckInput>(), [WeightType.F32, WeightType.BF16, WeightType.Bit]);

    public static TheoryData<int, WeightType> RanksAndTypes { get; } = new MatrixTheoryData<int, WeightType>(
        [1, 3, 8, 15, 16, 17, 64, 256], [WeightType.F32, WeightType.BF16, WeightType.Bit]);

    public static TheoryData<string, WeightType> Popularities { get; } = new MatrixTheoryData<string, WeightType>(
        ["identical", "distinct", "uniform", "zipf", "with none"], [WeightType.F32, WeightType.BF16, WeightType.Bit]);

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_width_equals_the_reference(WeightType type)
    {
        foreach (var width in Lengths.All)
        {
            using var batch = new BottleneckCase(
                width, width, [BottleneckMaker.Plain(1, width, 5, width, type), BottleneckMaker.Full(2, width, 17, type)], [0, 1, 1, -1, 0, 0, 0, 0, 0]);
            batch.AssertCloseToReference(batch.Run());
        }
    }

    [Theory]
    [MemberData(nameof(InputsAndTypes))]
    public void Every_input_equals_the_reference(BottleneckInput input, WeightType type)
    {
        using var batch = new BottleneckCase(
            80, 80, [BottleneckMaker.Plain(1, 80, 9, 80, type, input), BottleneckMaker.Full(2, 80, 9, type, input)], [0, 0, 1, -1, -1, 1, 1, 0]);
        batch.AssertCloseToReference(batch.Run());
    }

    [Theory]
    [MemberData(nameof(RanksAndTypes))]
    public void Every_rank_equals_the_reference(int rank, WeightType type)
    {
        using var batch = new BottleneckCase(72, 90, [BottleneckMaker.Plain(1, 72, rank, 90, type), BottleneckMaker.Plain(2, 72, 2, 90, type)], [0, 1, 0, 0, 0, -1, 0, 0, 0, 0, 0]);
        batch.AssertCloseToReference(batch.Run());
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Every_activation_equals_the_reference(Activation activation)
    {
        using var batch = new BottleneckCase(32, 32, [BottleneckMaker.Plain(1, 32, 40, 32, WeightType.F32, activation: activation)], [0, 0, 0, 0]);
        batch.AssertCloseToReference(batch.Run());
    }

    [Theory]
    [InlineData(0, 20, 20, 20)]
    [InlineData(20, 20, 0, 20)]
    [InlineData(3, 16, 7, 30)]
    [InlineData(16, 24, 0, 1)]
    public void Slices_of_input_and_output_equal_the_reference_and_the_rest_keeps_its_bits(int inOffset, int inWidth, int outOffset, int outWidth)
    {
        foreach (var input in new[] { BottleneckInput.Output, BottleneckInput.Sum, BottleneckInput.Input })
        {
            var parts = BottleneckMaker.Slice(1, inOffset, inWidth, 6, outOffset, outWidth, input);
            using var batch = new BottleneckCase(40, 40, [parts], [0, 0, -1, 0, 0, 0]);
            var result = batch.Run();
            batch.AssertCloseToReference(result);
            var outside = Enumerable.Range(0, result.Length).Where(i => i % 40 < outOffset || i % 40 >= outOffset + outWidth);
            Assert.All(outside, i => Assert.Equal(batch.Y[i], result[i]));
        }
    }

    [Theory]
    [MemberData(nameof(Popularities))]
    public void Every_popularity_of_adapters_equals_the_reference(string popularity, WeightType type)
    {
        using var batch = new BottleneckCase(64, 64, BottleneckMaker.Mixed(64, type), Popularity.Rows(popularity, 40));
        batch.AssertCloseToReference(batch.Run());
    }

    [Theory]
    [MemberData(nameof(Popularities))]
    public void A_row_has_the_same_bits_alone_and_among_any_neighbours(string popularity, WeightType type)
    {
        const int width = 83;
        using var batch = new BottleneckCase(width, width, BottleneckMaker.Mixed(width, type), Popularity.Rows(popularity, 23));
        var together = batch.Run();
        for (var row = 0; row < 23; row++)
        {
            Assert.Equal(batch.RunRowAlone(row), together[(row * width)..((row + 1) * width)]);
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
        foreach (var type in new[] { WeightType.F32, WeightType.Bit })
        {
            var parallel = new ThreadParallel(threads);
            using var batch = new BottleneckCase(272, 272, BottleneckMaker.Mixed(272, type), Popularity.Rows(popularity, 80));
            Assert.Equal(batch.Run(), batch.Run(parallel));
            Assert.NotEqual(0, parallel.Calls);
        }
    }

    [Fact]
    public void Rows_without_an_adapter_keep_their_bits()
    {
        using var batch = new BottleneckCase(33, 33, [BottleneckMaker.Full(1, 33, 4, WeightType.F32, BottleneckInput.Sum)], [-1, 0, -1, -1, 0, -1]);
        batch.Y[0] = float.NaN;
        batch.Y[2 * 33] = -0f;
        var result = batch.Run();
        foreach (var row in new[] { 0, 2, 3, 5 })
        {
            Assert.Equal(Bits(batch.Y, row), Bits(result, row));
        }

        static int[] Bits(float[] values, int row) => Array.ConvertAll(values[(row * 33)..((row + 1) * 33)], BitConverter.SingleToInt32Bits);
    }

    [Fact]
    public void Bits_take_less_than_a_twenty_fifth_of_the_memory_of_f32()
    {
        using var bits = new WeightArena();
        using var floats = new WeightArena();
        BottleneckWeights.Pack(bits, 256, 256, BottleneckMaker.Plain(1, 256, 32, 256, WeightType.Bit));
        BottleneckWeights.Pack(floats, 256, 256, BottleneckMaker.Plain(1, 256, 32, 256, WeightType.F32));
        Assert.True(bits.Bytes * 25 <= floats.Bytes, $"{bits.Bytes} of {floats.Bytes} bytes");
    }

    [Fact]
    public unsafe void What_the_site_does_not_offer_is_refused_with_its_name()
    {
        using var arena = new WeightArena();
        var weights = BottleneckWeights.Pack(arena, 4, 4, BottleneckMaker.Plain(1, 4, 2, 4, WeightType.F32, BottleneckInput.Normed));
        var y = stackalloc float[4];
        var workspace = stackalloc byte[2000];
        var operands = new BottleneckOperands { X = y, Y = y, InFeatures = 4, OutFeatures = 4 };
        var error = Assert.Throws<ArgumentException>(() => Bottleneck.Add(operands, [new BottleneckSegment(0, 1, weights)], [], workspace, new SerialParallel()));
        Assert.Equal("Bottleneck: the weights read Normed, which the site does not offer.", error.Message);
        operands.OutFeatures = 5;
        error = Assert.Throws<ArgumentException>(() => Bottleneck.Add(operands, [new BottleneckSegment(0, 1, weights)], [], workspace, new SerialParallel()));
        Assert.Equal("Bottleneck: out features of the weights must be 5, got 4.", error.Message);
    }

    [Fact]
    public void Parts_that_do_not_fit_each_other_or_the_site_are_refused()
    {
        using var arena = new WeightArena();
        Refuses("columns of Up", 8, new BottleneckParts { Down = BottleneckMaker.Matrix(1, 3, 8, WeightType.F32), Up = BottleneckMaker.Matrix(2, 8, 4, WeightType.F32) });
        Refuses("type of Up", 8, new BottleneckParts { Down = BottleneckMaker.Matrix(1, 3, 8, WeightType.F32), Up = BottleneckMaker.Matrix(2, 8, 3, WeightType.BF16) });
        Refuses("elements of a matrix", 8, new BottleneckParts { Down = new F32Matrix(3, 8, new float[23]), Up = BottleneckMaker.Matrix(2, 8, 3, WeightType.F32) });
        Refuses("end of the channels that are read", 8, BottleneckMaker.Slice(1, 3, 6, 2, 0, 8, BottleneckInput.Input));
        Refuses("end of the channels that are written", 8, BottleneckMaker.Slice(1, 0, 6, 2, 3, 6, BottleneckInput.Input));

        void Refuses(string what, int width, BottleneckParts parts) =>
            Assert.StartsWith("Bottleneck: " + what, Assert.Throws<ArgumentException>(() => BottleneckWeights.Pack(arena, width, width, parts)).Message, StringComparison.Ordinal);
    }
}
