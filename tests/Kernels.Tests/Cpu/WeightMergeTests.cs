using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>What is written into a linear's weight, against sums in double precision.</summary>
public sealed unsafe class WeightMergeTests
{
    private static readonly (int In, int Out)[] s_shapes = [(1, 1), (13, 17), (17, 63), (33, 64), (70, 65), (130, 200)];

    public static TheoryData<WeightType> Types { get; } = new(WeightType.F32, WeightType.BF16);

    [Theory]
    [MemberData(nameof(Types))]
    public void Low_rank_factors_of_any_rank_are_added(WeightType type)
    {
        foreach (var (inFeatures, outFeatures) in s_shapes)
        {
            foreach (var rank in new[] { 1, 3, 8, 16, 17, 64 })
            {
                CheckLowRank(inFeatures, outFeatures, rank, type);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void A_whole_matrix_replaces_is_added_or_mixed(WeightType type)
    {
        foreach (var (inFeatures, outFeatures) in s_shapes)
        {
            using var arena = new WeightArena();
            var values = RandomData.Floats(5, (long)inFeatures * outFeatures);
            var replacing = DenseWeights.Pack(arena, inFeatures, outFeatures, values, DenseMode.Replace, type);
            var held = type == WeightType.F32 ? values : RandomData.FromBF16(RandomData.ToBF16(values));
            CheckDense(replacing, (_, delta) => delta, held);
            CheckDense(replacing.Mixed(0.25f, -0.5f)!, (weight, delta) => (0.25 * weight) - (0.5 * delta), held);
            var adding = DenseWeights.Pack(arena, inFeatures, outFeatures, values, DenseMode.Add, type);
            CheckDense(adding.Scaled(3)!, (weight, delta) => weight + (3 * delta), held);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Single_weights_change_in_any_rows_and_come_back_bit_for_bit(int threads)
    {
        using var linear = FusableCase.Linear(300, 200, hasBias: false);
        using var arena = new WeightArena();
        var random = new Random(4);
        // So many elements that some share a place and several threads have some.
        int[] rows = [.. Enumerable.Range(0, 40_000).Select(_ => random.Next(130))], columns = [.. rows.Select(_ => random.Next(300))];
        var values = RandomData.Floats(6, rows.Length);
        var weights = SparseWeights.Pack(arena, 300, 130, rows, columns, values, WeightType.F32).Scaled(2);
        var before = linear.Unpack().W;
        var expected = Array.ConvertAll(before, weight => (double)weight);
        for (var i = 0; i < rows.Length; i++)
        {
            expected[((70 + rows[i]) * 300) + columns[i]] += 2.0 * values[i];
        }

        IParallel parallel = threads == 1 ? new SerialParallel() : new ThreadParallel(threads);
        var merge = new SparseMerge(linear, weights, firstRow: 70);
        merge.Add(parallel);
        var after = linear.Unpack().W;
        Assert.All(Enumerable.Range(0, after.Length), i => Assert.Equal(expected[i], after[i], Tolerances.Chain(24, 24)));
        Assert.Equal(before[..(70 * 300)], after[..(70 * 300)]);
        Assert.Equal(rows.Zip(columns).Distinct().Count(), merge.Count);
        merge.Restore(parallel);
        Assert.Equal(Bits(before), Bits(linear.Unpack().W));
    }

    [Fact]
    public void A_changed_input_is_a_product_from_the_right()
    {
        foreach (var (inFeatures, outFeatures) in s_shapes)
        {
            using var linear = FusableCase.Linear(inFeatures, outFeatures, hasBias: false);
            using var arena = new WeightArena();
            var rotation = RandomData.Floats(9, (long)inFeatures * inFeatures);
            // Zeros at the beginning, in the middle and at the end of rows, and a row of nothing else.
            for (var i = 0; i < rotation.Length; i++)
            {
                rotation[i] = (i % 7 is 0 or 3 or 4) || i / inFeatures == 2 ? 0 : rotation[i];
            }

            var w = linear.Unpack().W;
            var target = linear.BeginReplacing(arena);
            for (var first = 0; first < inFeatures; first += 32)
            {
                var count = Math.Min(32, inFeatures - first);
                fixed (float* x = rotation.AsSpan(first * inFeatures, count * inFeatures))
                {
                    InputMerge.Columns(linear, x, first, count, target, new ThreadParallel(2));
                }
            }

            linear.EndReplacing(target);
            var actual = linear.Unpack().W;
            for (var i = 0; i < actual.Length; i++)
            {
                var (output, column) = (i / inFeatures, i % inFeatures);
                var expected = Enumerable.Range(0, inFeatures).Sum(k => (double)w[(output * inFeatures) + k] * rotation[(column * inFeatures) + k]);
                Assert.Equal(expected, actual[i], Tolerances.Chain((2 * inFeatures) + 2, inFeatures));
            }
        }
    }

    [Fact]
    public void Columns_of_any_rows_are_read_and_written_across_panels()
    {
        using var linear = FusableCase.Linear(30, 200, hasBias: false);
        var w = linear.Unpack().W;
        var columns = new float[4 * 90];
        fixed (float* y = columns)
        {
            linear.ReadColumns(5, 4, 50, 90, y);
            Assert.All(Enumerable.Range(0, columns.Length), i => Assert.Equal(w[((50 + (i % 90)) * 30) + 5 + (i / 90)], columns[i]));
            for (var i = 0; i < columns.Length; i++)
            {
                w[((50 + (i % 90)) * 30) + 5 + (i / 90)] = columns[i] = i;
            }

            linear.WriteColumns(5, 4, 50, 90, y);
        }

        Assert.Equal(w, linear.Unpack().W);
    }

    private static void CheckLowRank(int inFeatures, int outFeatures, int rank, WeightType type)
    {
        using var linear = FusableCase.Linear(inFeatures, outFeatures, hasBias: true);
        using var arena = new WeightArena();
        var (factorA, factorB) = (RandomData.Floats(1, (long)rank * inFeatures), RandomData.Floats(2, (long)outFeatures * rank));
        var weights = LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, factorA, factorB, -1.5f, type);
        var (a, b, before) = (weights.UnpackA(), weights.UnpackB(), linear.Unpack());
        var workspace = new byte[LowRankMerge.WorkspaceBytes(weights)];
        fixed (byte* memory = workspace)
        {
            LowRankMerge.Add(linear, weights, memory, new ThreadParallel(2));
        }

        var (after, bias) = linear.Unpack();
        Assert.Equal(before.Bias, bias);
        for (var i = 0; i < after.Length; i++)
        {
            var (output, column) = (i / inFeatures, i % inFeatures);
            var expected = before.W[i] + Enumerable.Range(0, rank).Sum(r => -1.5 * b[(output * rank) + r] * a[(r * inFeatures) + column]);
            Assert.Equal(expected, after[i], Tolerances.Chain((3 * rank) + 2, 1 + (1.5 * rank)));
        }
    }

    private static void CheckDense(DenseWeights weights, Func<double, double, double> merged, float[] values)
    {
        using var linear = FusableCase.Linear(weights.InFeatures, weights.OutFeatures, hasBias: false);
        var before = linear.Unpack().W;
        DenseMerge.Apply(linear, weights, new ThreadParallel(2));
        var after = linear.Unpack().W;
        Assert.All(Enumerable.Range(0, after.Length), i => Assert.Equal(merged(before[i], values[i]), after[i], Tolerances.Chain(4, 4)));
    }

    private static int[] Bits(float[] values) => Array.ConvertAll(values, BitConverter.SingleToInt32Bits);
}
