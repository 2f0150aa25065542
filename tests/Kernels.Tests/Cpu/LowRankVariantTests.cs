using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>The low-rank product that reads y, and the one whose ranks are gated.</summary>
public sealed unsafe class LowRankVariantTests
{
    public static TheoryData<int, RankGate> Gates => new()
    {
        { 1, new RankGate(0.5f, 1, 0) }, { 8, new RankGate(0.5f, 4, 0) }, { 17, new RankGate(1, 17, -1) }, { 33, new RankGate(0.01f, 5, 0.1f) }, { 256, new RankGate(2, 100, -0.02f) },
    };

    [Fact]
    public void A_branch_on_the_output_reads_each_row_before_it_changes_it()
    {
        foreach (var width in Lengths.All)
        {
            var (y, a, b) = Data(width, width, 5, 9);
            var actual = RunOnOutput(y, a, b, width, [(0, 2), (5, 9)], new SerialParallel());
            var (expected, magnitude) = (Array.ConvertAll(y, value => (double)value), Array.ConvertAll(y, value => (double)Math.Abs(value)));
            foreach (var (start, end) in new[] { (0, 2), (5, 9) })
            {
                Reference.LowRank.Add(y, width, expected, width, start, end, 5, a, b, 0.7f);
                Reference.LowRank.Add(Array.ConvertAll(y, Math.Abs), width, magnitude, width, start, end, 5, Array.ConvertAll(a, Math.Abs), Array.ConvertAll(b, Math.Abs), 0.7f);
            }

            for (var i = 0; i < actual.Length; i++)
            {
                var tolerance = i / width is >= 2 and < 5 ? 0 : Tolerances.LowRank(width, 5, magnitude[i]);
                Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"width {width}, at {i}: expected {expected[i]}, got {actual[i]}");
            }
        }
    }

    [Theory]
    [InlineData(400, 1)]
    [InlineData(400, 90)]
    public void A_branch_on_the_output_has_the_same_bits_with_any_number_of_threads(int width, int rows)
    {
        var (y, a, b) = Data(width, width, 256, rows);
        var parallel = new ThreadParallel(4);
        Assert.Equal(RunOnOutput(y, a, b, width, [(0, rows)], new SerialParallel(), 256), RunOnOutput(y, a, b, width, [(0, rows)], parallel, 256));
        Assert.NotEqual(0, parallel.Calls);
    }

    [Theory]
    [MemberData(nameof(Gates))]
    public void A_gate_equals_the_reference_and_no_neighbour_or_thread_changes_a_bit(int rank, RankGate gate)
    {
        const int rows = 40, width = 160;
        var (x, a, b) = Data(width, width, rank, rows);
        var actual = RunGated(x, a, b, width, rank, gate, rows, new SerialParallel());
        for (var row = 0; row < rows; row++)
        {
            var input = x[(row * width)..((row + 1) * width)];
            var (expected, tolerance) = Gated(input, a, b, rank, gate);
            for (var o = 0; o < width; o++)
            {
                Assert.True(
                    Math.Abs(actual[(row * width) + o] - expected[o]) <= tolerance, $"rank {rank}, row {row}, output {o}: expected {expected[o]}, got {actual[(row * width) + o]}, allowed {tolerance}");
            }

            Assert.Equal(RunGated(input, a, b, width, rank, gate, 1, new SerialParallel()), actual[(row * width)..((row + 1) * width)]);
        }

        Assert.Equal(actual, RunGated(x, a, b, width, rank, gate, rows, new ThreadParallel(3)));
    }

    [Fact]
    public void Equal_ranks_are_kept_in_their_order_and_a_row_of_zeros_stays_one()
    {
        float[] b = [1, 10, 100, 1000];
        Assert.Equal(new[] { 0.25f * 11 }, RunGated([1], [1, 1, 1, 1], b, 1, 4, new RankGate(1, 2, 0), 1, new SerialParallel()));
        Assert.Equal(new[] { 0f }, RunGated([0], [1, 1, 1, 1], b, 1, 4, new RankGate(1, 2, 0), 1, new SerialParallel()));
    }

    [Fact]
    public void A_gated_product_has_every_multiple_and_a_branch_on_the_output_none()
    {
        const int rank = 7, width = 20;
        var (x, a, b) = Data(width, width, rank, 1);
        using var arena = new WeightArena();
        var weights = LowRankWeights.Pack(arena, rank, width, width, a, b, 1, WeightType.F32, gate: new RankGate(0.5f, 3, 0));
        Assert.Equal(Array.ConvertAll(Run(x, weights), value => -0.5f * value), Run(x, weights.Scaled(-0.5f)!));
        Assert.Null(LowRankWeights.Pack(arena, rank, width, width, a, b, 1, WeightType.F32, FormKind.OutputLowRank).Scaled(0.5f));
    }

    [Fact]
    public void Shapes_and_gates_that_do_not_fit_are_refused()
    {
        using var arena = new WeightArena();
        Refuse("OutputLowRank: in features must be 3, got 4.", () => LowRankWeights.Pack(arena, 1, 4, 3, new float[4], new float[3], 1, WeightType.F32, FormKind.OutputLowRank));
        Refuse("LowRank: kept ranks must be in [1, 2), got 2.", () => LowRankWeights.Pack(arena, 1, 4, 3, new float[4], new float[3], 1, WeightType.F32, gate: new RankGate(1, 2, 0)));
        Refuse("LowRank: rank behind a gate must be in [1, 1025), got 1025.", () => LowRankWeights.Pack(arena, 1025, 1, 1, new float[1025], new float[1025], 1, WeightType.F32, gate: new RankGate(1, 1, 0)));
    }

    private static void Refuse(string message, Action pack) => Assert.Equal(message, Assert.Throws<ArgumentException>(pack).Message);

    /// <summary>What the product gives, and how far f32 may be from it.</summary>
    private static (double[] Expected, double Tolerance) Gated(float[] x, float[] a, float[] b, int rank, RankGate gate)
    {
        var (inner, magnitude) = (new double[rank], new double[rank]);
        for (var i = 0; i < a.Length; i++)
        {
            inner[i / x.Length] += (double)a[i] * x[i % x.Length];
            magnitude[i / x.Length] += Math.Abs((double)a[i] * x[i % x.Length]);
        }

        var length = Math.Sqrt(inner.Sum(value => value * value));
        Reference.RankGating.Apply(inner, gate.Temperature, gate.Kept, gate.Threshold);
        var expected = new double[b.Length / rank];
        for (var i = 0; i < b.Length; i++)
        {
            expected[i / rank] += b[i] * inner[i % rank];
        }

        return (expected, Tolerances.GatedRanks(x.Length, rank, gate.Temperature, magnitude.Max(), length, inner.Sum(Math.Abs)));
    }

    private static (float[] X, float[] A, float[] B) Data(int width, int outputs, int rank, int rows) => (
        RandomData.Floats(1, (long)rows * width), RandomData.Floats(2, (long)rank * width), RandomData.Floats(3, (long)outputs * rank));

    private static float[] RunOnOutput(float[] y, float[] a, float[] b, int width, (int Start, int End)[] rows, IParallel parallel, int rank = 5)
    {
        using var arena = new WeightArena();
        var weights = LowRankWeights.Pack(arena, rank, width, width, a, b, 0.7f, WeightType.F32, FormKind.OutputLowRank);
        var segments = Array.ConvertAll(rows, r => new LowRankSegment(r.Start, r.End, weights));
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(LowRank.WorkspaceBytes(y.Length / width, segments.Length, rank, width));
        LowRank.Add(output.Pointer, width, output.Pointer, width, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }

    private static float[] Run(float[] x, LowRankWeights weights)
    {
        var y = new float[weights.OutFeatures];
        using var workspace = new GuardedBuffer<byte>(LowRank.WorkspaceBytes(1, 1, weights.Rank, weights.InFeatures));
        fixed (float* input = x, output = y)
        {
            LowRank.Add(input, x.Length, output, y.Length, [new LowRankSegment(0, 1, weights)], workspace.Pointer, new SerialParallel());
        }

        return y;
    }

    private static float[] RunGated(float[] x, float[] a, float[] b, int width, int rank, RankGate gate, int rows, IParallel parallel)
    {
        using var arena = new WeightArena();
        var outputs = b.Length / rank;
        var weights = LowRankWeights.Pack(arena, rank, width, outputs, a, b, 1, WeightType.F32, gate: gate);
        LowRankSegment[] segments = rows == 1 ? [new(0, 1, weights)] : [new(0, 3, weights), new(3, rows, weights)];
        using var input = new GuardedBuffer<float>(x);
        using var output = new GuardedBuffer<float>((long)rows * outputs);
        using var workspace = new GuardedBuffer<byte>(LowRank.WorkspaceBytes(rows, segments.Length, rank, width));
        workspace.Span.Fill(0xFF);
        LowRank.Add(input.Pointer, width, output.Pointer, outputs, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }
}
