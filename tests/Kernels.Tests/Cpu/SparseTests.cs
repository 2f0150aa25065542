using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class SparseTests
{
    public static TheoryData<WeightType> Types => [WeightType.F32, WeightType.BF16];

    [Theory]
    [MemberData(nameof(Types))]
    public void Every_length_of_input_and_output_equals_the_reference(WeightType type)
    {
        foreach (var length in Lengths.All)
        {
            Check(length, 17, length * 3, type, scale: -0.7f);
            Check(length, 17, length * 3, type);
            Check(13, length, length * 2, type);
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Inputs_beyond_sixteen_bits_of_columns_equal_the_reference(WeightType type) => Check((1 << 16) + 3, 5, 400, type);

    [Theory]
    [MemberData(nameof(Types))]
    public void Outputs_of_any_lengths_side_by_side_equal_the_reference(WeightType type) => Check(700, 330, UnevenRows.Of(700), type);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Outputs_of_any_lengths_have_the_same_bits_in_rows_alone_and_with_threads(int threads)
    {
        const int inFeatures = 700, outFeatures = 330, rows = 40;
        var (x, y) = (RandomData.Floats(1, rows * inFeatures), RandomData.Floats(2, rows * outFeatures));
        var elements = UnevenRows.Of(inFeatures);
        var together = Run(x, y, elements, inFeatures, outFeatures, [(0, rows)], WeightType.F32, new ThreadParallel(threads), 0.3f);
        var few = Run(x, y, elements, inFeatures, outFeatures, [.. Enumerable.Range(0, rows / 2).Select(i => (2 * i, 2 * (i + 1)))], WeightType.F32, new ThreadParallel(threads), 0.3f);
        Assert.Equal(together, few);
    }

    [Fact]
    public void An_infinite_input_reaches_the_outputs_that_have_its_column_alone()
    {
        var (x, elements) = (RandomData.Floats(1, 700), UnevenRows.Of(700));
        (x[0], x[5]) = (float.PositiveInfinity, float.NaN);
        var y = Run(x, new float[330], elements, 700, 330, [(0, 1)], WeightType.F32, new SerialParallel());
        int[] reached = [.. elements.Rows.Zip(elements.Columns).Where(place => place.Second is 0 or 5).Select(place => place.First)];
        Assert.NotEmpty(reached);
        Assert.Equal(reached.Distinct().Order(), Enumerable.Range(0, 330).Where(o => !float.IsFinite(y[o])));
    }

    [Fact]
    public void An_empty_matrix_and_an_empty_segment_change_nothing()
    {
        var y = RandomData.Floats(2, 60);
        Assert.Equal(y, Run(RandomData.Floats(1, 60), y, new SparseElementList([], [], []), 10, 10, [(0, 6)], WeightType.F32, new SerialParallel()));
        Assert.Equal(y, Run(RandomData.Floats(1, 60), y, Random(10, 10, 30), 10, 10, [(3, 3)], WeightType.F32, new SerialParallel()));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void Threads_and_neighbours_change_no_bit(int threads)
    {
        const int inFeatures = 530, outFeatures = 200, rows = 70;
        var (x, y) = (RandomData.Floats(1, (long)rows * inFeatures), RandomData.Floats(2, (long)rows * outFeatures));
        var elements = Random(inFeatures, outFeatures, 9000);
        var parallel = new ThreadParallel(threads);
        (int, int)[] segments = [(0, 3), (3, 38), (40, 48), (48, 70)];
        var expected = Run(x, y, elements, inFeatures, outFeatures, segments, WeightType.BF16, new SerialParallel());
        Assert.Equal(expected, Run(x, y, elements, inFeatures, outFeatures, segments, WeightType.BF16, parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 2, 3, 18, 37, 40, 47, 48, 69 })
        {
            var alone = Run(
                x[(row * inFeatures)..((row + 1) * inFeatures)], y[(row * outFeatures)..((row + 1) * outFeatures)], elements, inFeatures, outFeatures,
                [(0, 1)], WeightType.BF16, new SerialParallel());
            Assert.Equal(alone, expected[(row * outFeatures)..((row + 1) * outFeatures)]);
        }

        Assert.Equal(y[(38 * outFeatures)..(40 * outFeatures)], expected[(38 * outFeatures)..(40 * outFeatures)]);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(3, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 4)]
    public void An_element_outside_of_the_matrix_is_refused(int row, int column)
    {
        using var arena = new WeightArena();
        Assert.Throws<ArgumentException>(() => SparseWeights.Pack(arena, 4, 3, [row], [column], [1f], WeightType.F32));
    }

    private static SparseElementList Random(int inFeatures, int outFeatures, int count)
    {
        var random = new Random(count);
        return new SparseElementList(
            [.. Enumerable.Range(0, count).Select(_ => random.Next(outFeatures))],
            [.. Enumerable.Range(0, count).Select(_ => random.Next(inFeatures))],
            RandomData.FromBF16(RandomData.ToBF16(RandomData.Floats(3, count))));
    }

    private static void Check(int inFeatures, int outFeatures, int count, WeightType type, float scale = 1) =>
        Check(inFeatures, outFeatures, Random(inFeatures, outFeatures, count), type, scale);

    private static void Check(int inFeatures, int outFeatures, SparseElementList elements, WeightType type, float scale = 1)
    {
        const int rows = 33;
        var (x, y) = (RandomData.Floats(1, (long)rows * inFeatures), RandomData.Floats(2, (long)rows * outFeatures));
        (int Start, int End)[] segments = [(0, 1), (1, 1), (2, 6), (6, 9), (9, 26), (26, 33)];
        var actual = Run(x, y, elements, inFeatures, outFeatures, segments, type, new SerialParallel(), scale);
        var expected = Array.ConvertAll(y, value => (double)value);
        var magnitude = Array.ConvertAll(y, value => (double)Math.Abs(value));
        foreach (var (start, end) in segments)
        {
            Reference.Sparse.Add(x, inFeatures, expected, outFeatures, start, end, elements.Rows, elements.Columns, Times(elements.Values, scale));
            Reference.Sparse.Add(
                Array.ConvertAll(x, Math.Abs), inFeatures, magnitude, outFeatures, start, end, elements.Rows, elements.Columns, Array.ConvertAll(Times(elements.Values, scale), Math.Abs));
        }

        for (var i = 0; i < actual.Length; i++)
        {
            var tolerance = i / outFeatures == 1 ? 0 : Tolerances.Sparse(elements.Values.Length, magnitude[i]);
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"H {inFeatures}, O {outFeatures}, at {i}: expected {expected[i]}, got {actual[i]}");
        }
    }

    private static float[] Run(
        float[] x, float[] y, SparseElementList elements, int inFeatures, int outFeatures, (int Start, int End)[] rows, WeightType type, IParallel parallel, float scale = 1)
    {
        using var arena = new WeightArena();
        var weights = SparseWeights.Pack(arena, inFeatures, outFeatures, elements.Rows, elements.Columns, elements.Values, type);
        weights = scale == 1 ? weights : weights.Scaled(scale);
        var segments = Array.ConvertAll(rows, r => new SparseSegment(r.Start, r.End, weights));
        using var input = new GuardedBuffer<float>(x);
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(Sparse.WorkspaceBytes(rows.Sum(r => r.End - r.Start), segments.Length, inFeatures));
        Sparse.Add(input.Pointer, inFeatures, output.Pointer, outFeatures, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }

    /// <summary>The reference takes no scale: it is given the multiples, rounded once each, which the tolerance has room for.</summary>
    private static float[] Times(float[] values, float scale) => Array.ConvertAll(values, value => value * scale);
}
