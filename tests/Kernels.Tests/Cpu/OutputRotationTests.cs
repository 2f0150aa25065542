using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class OutputRotationTests
{
    private static readonly (int Start, int End)[] s_rows = [(0, 2), (3, 3), (5, 9)];

    [Fact]
    public void Every_width_and_group_equals_the_reference_and_other_rows_keep_their_bits()
    {
        foreach (var width in Lengths.All)
        {
            foreach (var group in Enumerable.Range(1, width).Where(group => group % 2 == 0 && width % group == 0))
            {
                var (y, own, other) = Data(width, 9);
                var actual = Run(y, group, own, other, s_rows, new SerialParallel());
                var expected = Array.ConvertAll(y, value => (double)value);
                foreach (var (start, end) in s_rows)
                {
                    Reference.OutputRotation.Apply(expected, width, start, end, group, own, other);
                }

                for (var i = 0; i < actual.Length; i++)
                {
                    var tolerance = i / width is >= 2 and < 5 ? 0 : Tolerances.OutputRotation;
                    Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"width {width}, group {group}, at {i}: expected {expected[i]}, got {actual[i]}");
                }
            }
        }
    }

    [Fact]
    public void Threads_and_neighbours_change_no_bit()
    {
        const int width = 1536;
        var (y, own, other) = Data(width, 150);
        var parallel = new ThreadParallel(3);
        var expected = Run(y, 96, own, other, [(0, 150)], new SerialParallel());
        Assert.Equal(expected, Run(y, 96, own, other, [(0, 70), (70, 150)], parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 69, 149 })
        {
            Assert.Equal(Run(y[(row * width)..((row + 1) * width)], 96, own, other, [(0, 1)], new SerialParallel()), expected[(row * width)..((row + 1) * width)]);
        }
    }

    [Theory]
    [InlineData(3, "OutputRotation: group % 2 must be 0, got 1.")]
    [InlineData(8, "OutputRotation: out features % group must be 0, got 4.")]
    [InlineData(0, "OutputRotation: group must be in [2, 13), got 0.")]
    [InlineData(14, "OutputRotation: group must be in [2, 13), got 14.")]
    public void Groups_that_do_not_fit_are_refused(int group, string message)
    {
        using var arena = new WeightArena();
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => OutputRotationWeights.Pack(arena, 4, 12, group, new float[12], new float[12])).Message);
    }

    [Fact]
    public void Weights_of_another_width_are_refused_with_both_widths_named()
    {
        using var arena = new WeightArena();
        var weights = OutputRotationWeights.Pack(arena, 4, 12, 4, new float[12], new float[12]);
        var workspace = stackalloc byte[(int)OutputRotation.WorkspaceBytes(1)];
        var error = Assert.Throws<ArgumentException>(() => OutputRotation.Apply(null, 8, [new OutputRotationSegment(0, 1, weights)], workspace, new SerialParallel()));
        Assert.Equal("OutputRotation: width of the weights must be 8, got 12.", error.Message);
    }

    private static (float[] Y, float[] Own, float[] Other) Data(int width, int rows) => (
        RandomData.Floats(1, (long)rows * width), RandomData.Floats(2, width), RandomData.Floats(3, width));

    private static float[] Run(float[] y, int group, float[] own, float[] other, (int Start, int End)[] rows, IParallel parallel)
    {
        using var arena = new WeightArena();
        var weights = OutputRotationWeights.Pack(arena, 5, own.Length, group, own, other);
        var segments = Array.ConvertAll(rows, r => new OutputRotationSegment(r.Start, r.End, weights));
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(OutputRotation.WorkspaceBytes(segments.Length));
        OutputRotation.Apply(output.Pointer, own.Length, segments, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }
}
