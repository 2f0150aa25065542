using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class RmsNormTests
{
    private const float Epsilon = 1e-5f;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_width_equals_the_reference_and_other_rows_keep_their_bits(bool isAdded)
    {
        foreach (var width in Lengths.All)
        {
            var (x, y, w) = Data(width, 9);
            var actual = Run(x, y, w, [(0, 2), (5, 9)], new SerialParallel(), isAdded);
            var expected = Array.ConvertAll(y, value => (double)value);
            Reference.RmsNorm.Apply(x, expected, width, 0, 2, w, Epsilon, isAdded);
            Reference.RmsNorm.Apply(x, expected, width, 5, 9, w, Epsilon, isAdded);
            for (var i = 0; i < actual.Length; i++)
            {
                var magnitude = Math.Abs(expected[i]) + (isAdded ? 2 * Math.Abs(y[i]) : 0);
                var tolerance = i / width is >= 2 and < 5 ? 0 : Tolerances.RmsNorm(width, magnitude);
                Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"width {width}, at {i}: expected {expected[i]}, got {actual[i]}");
            }
        }
    }

    [Fact]
    public void Threads_and_neighbours_change_no_bit_and_what_stood_there_is_not_read()
    {
        const int width = 1500;
        var (x, y, w) = Data(width, 150);
        var parallel = new ThreadParallel(3);
        var expected = Run(x, y, w, [(0, 150)], new SerialParallel());
        Array.Fill(y, float.NaN);
        Assert.Equal(expected, Run(x, y, w, [(0, 70), (70, 150)], parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 69, 149 })
        {
            var alone = Run(x[(row * width)..((row + 1) * width)], new float[width], w, [(0, 1)], new SerialParallel());
            Assert.Equal(alone, expected[(row * width)..((row + 1) * width)]);
        }
    }

    private static (float[] X, float[] Y, float[] W) Data(int width, int rows) => (
        RandomData.Floats(1, (long)rows * width), RandomData.Floats(2, (long)rows * width), RandomData.Floats(3, width));

    private static float[] Run(float[] x, float[] y, float[] w, (int Start, int End)[] rows, IParallel parallel, bool isAdded = false)
    {
        using var arena = new WeightArena();
        var weights = RmsNormWeights.Pack(arena, Epsilon, w, isAdded);
        var segments = Array.ConvertAll(rows, r => new RmsNormSegment(r.Start, r.End, weights));
        using var input = new GuardedBuffer<float>(x);
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(RmsNorm.WorkspaceBytes(segments.Length));
        RmsNorm.Apply(input.Pointer, output.Pointer, w.Length, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }
}
