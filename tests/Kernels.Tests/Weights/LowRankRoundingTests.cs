using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Weights;

public sealed class LowRankRoundingTests
{
    private static readonly (int Rank, int InFeatures, int OutFeatures)[] s_sizes = [(1, 1, 1), (3, 20, 70), (16, 64, 128), (19, 37, 85), (65, 257, 63)];

    public static TheoryData<WeightType> Types => [WeightType.F32, WeightType.BF16, WeightType.Int8, WeightType.Bit];

    [Theory]
    [MemberData(nameof(Types))]
    public void Rounded_factors_are_those_of_plain_loops(WeightType type)
    {
        foreach (var (rank, inFeatures, outFeatures) in s_sizes)
        {
            using var arena = new WeightArena();
            var (a, b) = Factors(rank, inFeatures, outFeatures);
            var held = LowRankRounding.Round(LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, a, b, 2, WeightType.F32), type, arena);
            var (expectedA, expectedB) = RoundedFactors.Of(a, b, rank, type);
            AssertClose(expectedA, held.UnpackA());
            AssertClose(expectedB, held.UnpackB());
            Assert.Equal((type, WeightType.F32, 2f), (held.Type, held.ExactType, held.Scale));
        }

        // A mean is summed in another order.
        static void AssertClose(float[] expected, float[] actual) => Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Factors_of_bf16_round_as_the_same_values_in_f32(WeightType type)
    {
        using var arena = new WeightArena();
        var (a, b) = Factors(5, 40, 90);
        var (halfA, halfB) = (RandomData.ToBF16(a), RandomData.ToBF16(b));
        var narrow = LowRankRounding.Round(LowRankWeights.Pack(arena, 5, 40, 90, halfA, halfB, 1, WeightType.BF16), type, arena);
        var wide = LowRankRounding.Round(
            LowRankWeights.Pack(arena, 5, 40, 90, RandomData.FromBF16(halfA), RandomData.FromBF16(halfB), 1, WeightType.F32), type, arena);
        Assert.Equal(wide.UnpackA(), narrow.UnpackA());
        Assert.Equal(wide.UnpackB(), narrow.UnpackB());
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_bytes_are_what_was_said_before(WeightType type)
    {
        foreach (var (rank, inFeatures, outFeatures) in s_sizes)
        {
            using var exact = new WeightArena();
            using var arena = new WeightArena();
            var (a, b) = Factors(rank, inFeatures, outFeatures);
            LowRankRounding.Round(LowRankWeights.Pack(exact, rank, inFeatures, outFeatures, a, b, 1, WeightType.F32), type, arena);
            Assert.Equal(LowRankWeights.BytesAs(type, rank, inFeatures, outFeatures), arena.Bytes);
            Assert.Equal(LowRankWeights.BytesAs(WeightType.F32, rank, inFeatures, outFeatures), exact.Bytes);
        }
    }

    [Theory]
    [InlineData(WeightType.BF16)]
    [InlineData(WeightType.Int8)]
    [InlineData(WeightType.Bit)]
    public void The_held_error_is_that_of_the_product(WeightType type)
    {
        const int rank = 16, inFeatures = 130, outFeatures = 210;
        using var arena = new WeightArena();
        var (a, b) = Factors(rank, inFeatures, outFeatures);
        var held = LowRankRounding.Round(LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, a, b, 1, WeightType.F32), type, arena);
        var (heldA, heldB) = RoundedFactors.Of(a, b, rank, type);
        var (difference, whole) = (0.0, 0.0);
        for (var at = 0; at < inFeatures * outFeatures; at++)
        {
            var (exact, rounded) = (At(a, b, at), At(heldA, heldB, at));
            difference += (rounded - exact) * (rounded - exact);
            whole += exact * exact;
        }

        // The mean of 16 squared lengths, whose variance is at most 2 / 16 of its square for each of both norms.
        Assert.InRange(held.HeldError!.Value / Math.Sqrt(difference / whole), 0.6, 1.6);

        double At(float[] ofA, float[] ofB, int at)
        {
            var sum = 0.0;
            for (var r = 0; r < rank; r++)
            {
                sum += (double)ofB[(at / inFeatures * rank) + r] * ofA[(r * inFeatures) + (at % inFeatures)];
            }

            return sum;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_gate_and_a_multiple_stay_and_zeros_stay_zeros(WeightType type)
    {
        using var arena = new WeightArena();
        var gate = new RankGate(0.5f, 2, 0);
        var zero = LowRankRounding.Round(LowRankWeights.Pack(arena, 3, 20, 30, new float[60], new float[90], 1, WeightType.F32, gate: gate), type, arena);
        Assert.Equal(gate, zero.Gate);
        Assert.All(zero.UnpackA().Concat(zero.UnpackB()), value => Assert.Equal(0, value));
        Assert.Equal(type == WeightType.F32 ? null : 0.0, zero.HeldError);

        var (a, b) = Factors(3, 20, 30);
        var held = LowRankRounding.Round(LowRankWeights.Pack(arena, 3, 20, 30, a, b, 1, WeightType.F32), type, arena);
        Assert.Equal(Array.ConvertAll(Run(held), value => -2 * value), Run(held.Scaled(-2)!));
    }

    [Fact]
    public void A_gate_weighs_the_ranks_of_rounded_factors_by_their_true_size()
    {
        // Rank 1 has the larger x . a and is kept; codes alone, 127 for both, would keep rank 0.
        using var arena = new WeightArena();
        var exact = LowRankWeights.Pack(arena, 2, 1, 1, [1f, 3f], [5f, 7f], 1, WeightType.F32, gate: new RankGate(1, 1, 0));
        var weight = Math.Exp(3 / Math.Sqrt(10)) / (Math.Exp(3 / Math.Sqrt(10)) + Math.Exp(1 / Math.Sqrt(10)));
        foreach (var type in new[] { WeightType.F32, WeightType.BF16, WeightType.Int8, WeightType.Bit })
        {
            Assert.Equal(7 * 3 * weight, Run(LowRankRounding.Round(exact, type, arena))[0], 1e-4);
        }
    }

    [Fact]
    public void Rounded_factors_are_not_rounded_again()
    {
        using var arena = new WeightArena();
        var held = LowRankRounding.Round(LowRankWeights.Pack(arena, 1, 1, 1, [1f], [1f], 1, WeightType.F32), WeightType.Int8, arena);
        var error = Assert.Throws<ArgumentException>(() => LowRankRounding.Round(held, WeightType.Bit, arena));
        Assert.Equal("LowRank: weights to round must be F32 or BF16, got Int8.", error.Message);
    }

    private static (float[] A, float[] B) Factors(int rank, int inFeatures, int outFeatures) =>
        (RandomData.Floats(1, rank * inFeatures, 3), RandomData.Floats(2, outFeatures * rank, 0.01f));

    /// <summary>Of an x of ones.</summary>
    private static unsafe float[] Run(LowRankWeights weights)
    {
        var (x, y) = (new float[weights.InFeatures], new float[weights.OutFeatures]);
        Array.Fill(x, 1);
        using var workspace = new GuardedBuffer<byte>(LowRank.WorkspaceBytes(1, 1, weights.Rank, weights.InFeatures));
        fixed (float* input = x, output = y)
        {
            LowRank.Add(input, x.Length, output, y.Length, [new LowRankSegment(0, 1, weights)], workspace.Pointer, new SerialParallel());
        }

        return y;
    }
}
