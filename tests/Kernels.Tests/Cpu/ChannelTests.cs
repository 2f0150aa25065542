using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class ChannelTests
{
    private const int Rows = 9;

    public static TheoryData<FormKind> Forms => [FormKind.InputScale, FormKind.OutputScale, FormKind.OutputBias];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_width_equals_the_reference_and_other_rows_keep_their_bits(FormKind form)
    {
        foreach (var width in Lengths.All)
        {
            var (y, v) = (RandomData.Floats(1, Rows * width), RandomData.Floats(2, width));
            var actual = Run(form, y, v, [(0, 2), (3, 3), (5, 9)], new SerialParallel());
            var expected = Array.ConvertAll(y, value => (double)value);
            foreach (var (start, end) in new[] { (0, 2), (5, 9) })
            {
                if (form == FormKind.OutputBias)
                {
                    Reference.ChannelBias.Add(expected, width, start, end, v);
                }
                else
                {
                    Reference.ChannelScale.Apply(expected, width, start, end, v);
                }
            }

            // One rounding: the nearest f32 of the exact product or sum.
            Assert.Equal(Array.ConvertAll(expected, value => (float)value), actual);
        }
    }

    [Fact]
    public void A_scaled_bias_adds_its_multiple_and_shares_the_memory()
    {
        const float factor = -0.3f;
        foreach (var width in Lengths.All)
        {
            var (y, v) = (RandomData.Floats(1, Rows * width), RandomData.Floats(2, width));
            using var arena = new WeightArena();
            var weights = VectorWeights.Pack(arena, FormKind.OutputBias, width, width, v);
            var bytes = arena.Bytes;
            var actual = Run(weights.Scaled(2)!.Scaled(factor / 2)!, y, [(0, 2), (5, 9)], new SerialParallel());
            var expected = y.Select((value, i) => i / width is >= 2 and < 5 ? value : value + (v[i % width] * factor));
            Assert.Equal(expected, actual);
            Assert.Equal(bytes, arena.Bytes);
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Threads_change_no_bit(FormKind form)
    {
        const int width = 3000;
        var (y, v) = (RandomData.Floats(1, 200 * width), RandomData.Floats(2, width));
        var parallel = new ThreadParallel(3);
        var expected = Run(form, y, v, [(0, 70), (71, 200)], new SerialParallel());
        Assert.Equal(expected, Run(form, y, v, [(0, 70), (71, 200)], parallel));
        Assert.NotEqual(0, parallel.Calls);
        Assert.Equal(y[(70 * width)..(71 * width)], expected[(70 * width)..(71 * width)]);
    }

    [Fact]
    public void Weights_of_another_width_are_refused_with_both_widths_named()
    {
        using var arena = new WeightArena();
        var weights = VectorWeights.Pack(arena, FormKind.OutputScale, 4, 3, new float[3]);
        var workspace = stackalloc byte[(int)ChannelScale.WorkspaceBytes(1)];
        var error = Assert.Throws<ArgumentException>(() => ChannelScale.Apply(null, 4, [new VectorSegment(0, 1, weights)], workspace, new SerialParallel()));
        Assert.Equal("ChannelScale: width of the weights must be 4, got 3.", error.Message);
    }

    private static float[] Run(FormKind form, float[] y, float[] v, (int Start, int End)[] rows, IParallel parallel)
    {
        using var arena = new WeightArena();
        return Run(VectorWeights.Pack(arena, form, v.Length, v.Length, v), y, rows, parallel);
    }

    private static float[] Run(VectorWeights weights, float[] y, (int Start, int End)[] rows, IParallel parallel)
    {
        var segments = Array.ConvertAll(rows, r => new VectorSegment(r.Start, r.End, weights));
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(ChannelScale.WorkspaceBytes(segments.Length));
        if (weights.Form == FormKind.OutputBias)
        {
            ChannelBias.Add(output.Pointer, weights.Width, segments, workspace.Pointer, parallel);
        }
        else
        {
            ChannelScale.Apply(output.Pointer, weights.Width, segments, workspace.Pointer, parallel);
        }

        return output.Span.ToArray();
    }
}
