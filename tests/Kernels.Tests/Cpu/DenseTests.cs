using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class DenseTests
{
    public static TheoryData<WeightType, DenseMode> TypesAndModes { get; } = new MatrixTheoryData<WeightType, DenseMode>(
        [WeightType.F32, WeightType.BF16], [DenseMode.Replace, DenseMode.Add]);

    [Theory]
    [MemberData(nameof(TypesAndModes))]
    public void Every_length_of_input_and_output_equals_the_reference(WeightType type, DenseMode mode)
    {
        foreach (var length in Lengths.All)
        {
            Check(length, 17, mode, type);
            Check(13, length, mode, type);
        }
    }

    [Theory]
    [MemberData(nameof(TypesAndModes))]
    public void A_deep_product_of_many_rows_equals_the_reference(WeightType type, DenseMode mode) => Check(1100, 70, mode, type);

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void Threads_and_neighbours_change_no_bit(int threads)
    {
        var parallel = new ThreadParallel(threads);
        var (x, y, w) = Data(530, 200, 70);
        (int, int)[] segments = [(0, 66), (68, 70)];
        var expected = Run(x, y, w, 530, 200, segments, DenseMode.Add, WeightType.BF16, new SerialParallel());
        Assert.Equal(expected, Run(x, y, w, 530, 200, segments, DenseMode.Add, WeightType.BF16, parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 1, 5, 63, 65, 69 })
        {
            var alone = Run(
                x[(row * 530)..((row + 1) * 530)], y[(row * 200)..((row + 1) * 200)], w, 530, 200, [(0, 1)], DenseMode.Add, WeightType.BF16, new SerialParallel());
            Assert.Equal(alone, expected[(row * 200)..((row + 1) * 200)]);
        }

        Assert.Equal(y[(66 * 200)..(68 * 200)], expected[(66 * 200)..(68 * 200)]);
    }

    [Theory]
    [InlineData(WeightType.F32)]
    [InlineData(WeightType.BF16)]
    public void A_scaled_matrix_adds_its_multiple_to_any_rows(WeightType type)
    {
        foreach (var length in Lengths.All)
        {
            Check(length, 17, DenseMode.Add, type, scale: -0.7f);
            Check(13, length, DenseMode.Add, type, scale: 3);
        }
    }

    [Fact]
    public void A_mixed_matrix_keeps_a_part_of_what_stood_there_in_its_rows_alone()
    {
        var (x, y, w) = Data(40, 30, 6);
        using var arena = new WeightArena();
        var weights = DenseWeights.Pack(arena, 40, 30, w, DenseMode.Replace, WeightType.F32).Mixed(0.25f, -0.5f)!;
        var actual = Run(weights, x, y, [(1, 3), (4, 6)], new SerialParallel());
        var kept = y.Select((value, i) => i / 30 is 0 or 3 ? value : value * 0.25f).ToArray();
        Assert.Equal(Run(x, kept, w, 40, 30, [(1, 3), (4, 6)], DenseMode.Add, WeightType.F32, new SerialParallel(), scale: -0.5f), actual);
    }

    [Fact]
    public void Replacing_does_not_read_what_it_replaces()
    {
        var (x, y, w) = Data(40, 30, 6);
        var expected = Run(x, y, w, 40, 30, [(0, 6)], DenseMode.Replace, WeightType.F32, new SerialParallel());
        Array.Fill(y, float.NaN);
        Assert.Equal(expected, Run(x, y, w, 40, 30, [(0, 6)], DenseMode.Replace, WeightType.F32, new SerialParallel()));
    }

    [Fact]
    public void Weights_of_another_width_are_refused_with_both_widths_named()
    {
        using var arena = new WeightArena();
        var weights = DenseWeights.Pack(arena, 4, 3, new float[12], DenseMode.Add, WeightType.F32);
        var workspace = stackalloc byte[(int)Dense.WorkspaceBytes(1)];
        var error = Assert.Throws<ArgumentException>(
            () => Dense.Apply(null, 4, null, 2, [new DenseSegment(0, 1, weights)], workspace, new SerialParallel()));
        Assert.Equal("Dense: out features of the weights must be 2, got 3.", error.Message);
    }

    private static (float[] X, float[] Y, float[] W) Data(int inFeatures, int outFeatures, int rows) => (
        RandomData.Floats(1, (long)rows * inFeatures),
        RandomData.Floats(2, (long)rows * outFeatures),
        RandomData.FromBF16(RandomData.ToBF16(RandomData.Floats(3, (long)outFeatures * inFeatures))));

    private static void Check(int inFeatures, int outFeatures, DenseMode mode, WeightType type, float scale = 1)
    {
        const int rows = 11;
        var (x, y, w) = Data(inFeatures, outFeatures, rows);
        if (type == WeightType.F32)
        {
            // Values that bf16 cannot hold.
            w = Array.ConvertAll(w, value => value * 1.0001f);
        }

        var actual = Run(x, y, w, inFeatures, outFeatures, [(0, 1), (1, 1), (2, 9), (9, 11)], mode, type, new SerialParallel(), scale);
        var scaled = Array.ConvertAll(x, value => value * scale);
        var expected = Array.ConvertAll(y, value => (double)value);
        var magnitude = Array.ConvertAll(y, value => (double)Math.Abs(value));
        foreach (var (start, end) in new[] { (0, 1), (2, 11) })
        {
            Reference.Dense.Apply(scaled, inFeatures, expected, outFeatures, start, end, w, mode == DenseMode.Replace);
            Reference.Dense.Apply(
                Array.ConvertAll(scaled, Math.Abs), inFeatures, magnitude, outFeatures, start, end, Array.ConvertAll(w, Math.Abs), replace: false);
        }

        for (var i = 0; i < actual.Length; i++)
        {
            var tolerance = i / outFeatures == 1 ? 0 : Tolerances.Dense(inFeatures, magnitude[i]);
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"H {inFeatures}, O {outFeatures}, at {i}: expected {expected[i]}, got {actual[i]}");
        }
    }

    private static float[] Run(
        float[] x, float[] y, float[] w, int inFeatures, int outFeatures, (int Start, int End)[] rows, DenseMode mode, WeightType type, IParallel parallel, float scale = 1)
    {
        using var arena = new WeightArena();
        var weights = type == WeightType.F32
            ? DenseWeights.Pack(arena, inFeatures, outFeatures, w, mode, type)
            : DenseWeights.Pack(arena, inFeatures, outFeatures, RandomData.ToBF16(w), mode, type);
        return Run(scale == 1 ? weights : weights.Scaled(scale)!, x, y, rows, parallel);
    }

    private static float[] Run(DenseWeights weights, float[] x, float[] y, (int Start, int End)[] rows, IParallel parallel)
    {
        var segments = Array.ConvertAll(rows, r => new DenseSegment(r.Start, r.End, weights));
        using var input = new GuardedBuffer<float>(x);
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(Dense.WorkspaceBytes(segments.Length, weights.Scale == 1 ? 0 : rows.Sum(r => r.End - r.Start), weights.InFeatures));
        Dense.Apply(input.Pointer, weights.InFeatures, output.Pointer, weights.OutFeatures, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }
}
