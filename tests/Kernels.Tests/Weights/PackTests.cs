using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Weights;

public sealed unsafe class PackTests
{
    [Fact]
    public void Low_rank_factors_stand_in_the_stated_layout_and_padding_is_zero()
    {
        const int rank = 19, inFeatures = 37, outFeatures = 85;
        var a = RandomData.Floats(1, rank * inFeatures);
        var b = RandomData.Floats(2, outFeatures * rank);
        using var arena = new WeightArena();
        var weights = LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, a, b, 2, WeightType.F32);
        var packedA = (float*)weights.A;
        for (var r = 0; r < rank; r++)
        {
            var (group, ranks) = (r / 16, r < 16 ? 16 : 3);
            for (var h = 0; h < 48; h++)
            {
                var at = (group * 16 * 48) + (h / 16 * ranks * 16) + (r % 16 * 16) + (h % 16);
                Assert.Equal(h < inFeatures ? a[(r * inFeatures) + h] : 0, packedA[at]);
            }
        }

        var packedB = (float*)weights.B;
        for (var o = 0; o < 96; o++)
        {
            for (var r = 0; r < rank; r++)
            {
                var at = o < 64 ? (r * 64) + o : (rank * 64) + (r * 32) + (o - 64);
                Assert.Equal(o < outFeatures ? b[(o * rank) + r] : 0, packedB[at]);
            }
        }
    }

    [Fact]
    public void Bf16_factors_are_held_as_they_are()
    {
        var a = RandomData.ToBF16(RandomData.Floats(1, 5 * 20));
        var b = RandomData.ToBF16(RandomData.Floats(2, 18 * 5));
        using var arena = new WeightArena();
        var weights = LowRankWeights.Pack(arena, 5, 20, 18, a, b, 0.3f, WeightType.BF16);
        var widened = LowRankWeights.Pack(arena, 5, 20, 18, a, b, 0.3f, WeightType.F32);
        Assert.Equal(2 * weights.Bytes, widened.Bytes);
        for (var i = 0; i < weights.Bytes / 2; i++)
        {
            var aLength = 5 * 32;
            var narrow = i < aLength ? ((ushort*)weights.A)[i] : ((ushort*)weights.B)[i - aLength];
            var wide = i < aLength ? ((float*)widened.A)[i] : ((float*)widened.B)[i - aLength];
            Assert.Equal(BF16.ToSingle(narrow), wide);
        }

        Assert.Contains(a[0], new ReadOnlySpan<ushort>(weights.A, 16).ToArray());
    }

    [Theory]
    [InlineData(1f, 0x3F80)]
    [InlineData(-0f, 0x8000)]
    [InlineData(1.00390625f, 0x3F80)]
    [InlineData(1.01171875f, 0x3F82)]
    [InlineData(float.PositiveInfinity, 0x7F80)]
    [InlineData(float.MaxValue, 0x7F80)]
    public void Bf16_rounds_to_nearest_and_ties_to_even(float value, int expected) => Assert.Equal(expected, BF16.FromSingle(value));

    [Fact]
    public void A_nan_stays_a_nan_in_bf16()
    {
        var nan = BitConverter.UInt32BitsToSingle(0x7F800001);
        Assert.True(float.IsNaN(BF16.ToSingle(BF16.FromSingle(nan))));
    }

    [Theory]
    [InlineData(0, 4, 4)]
    [InlineData(1, 0, 4)]
    [InlineData(1, 4, 0)]
    [InlineData(-1, 4, 4)]
    public void An_impossible_size_is_refused(int rank, int inFeatures, int outFeatures)
    {
        using var arena = new WeightArena();
        Assert.Throws<ArgumentOutOfRangeException>(
            () => LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, new float[4], new float[4], 1, WeightType.F32));
    }

    [Fact]
    public void A_factor_of_another_length_is_refused_and_the_message_names_both()
    {
        using var arena = new WeightArena();
        var error = Assert.Throws<ArgumentException>(() => LowRankWeights.Pack(arena, 2, 4, 3, new float[8], new float[5], 1, WeightType.F32));
        Assert.Equal("LowRank: B must be 6, got 5.", error.Message);
        error = Assert.Throws<ArgumentException>(() => DenseWeights.Pack(arena, 100_000, 100_000, new float[5], DenseMode.Add, WeightType.F32));
        Assert.Equal("Dense: W must be 10000000000, got 5.", error.Message);
        Assert.Equal(0, arena.Bytes);
    }
}
