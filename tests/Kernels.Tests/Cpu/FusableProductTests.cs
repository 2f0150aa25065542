using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class FusableProductTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_length_of_input_and_output_equals_the_sum_of_products(bool hasBias)
    {
        foreach (var length in Lengths.All.Where(length => length > 0))
        {
            Check(length, 17, 3, hasBias);
            Check(13, length, 3, hasBias);
        }

        Check(1100, 70, 70, hasBias);
    }

    [Fact]
    public void Threads_and_neighbours_change_no_bit()
    {
        using var linear = FusableCase.Linear(530, 200, hasBias: true);
        var x = RandomData.Floats(1, 530 * 70);
        var parallel = new ThreadParallel(3);
        var expected = Run(linear, x, 70, new SerialParallel());
        Assert.Equal(expected, Run(linear, x, 70, parallel));
        Assert.NotEqual(0, parallel.Calls);
        foreach (var row in new[] { 0, 1, 5, 63, 64, 69 })
        {
            Assert.Equal(expected[(row * 200)..((row + 1) * 200)], Run(linear, x[(row * 530)..((row + 1) * 530)], 1, new SerialParallel()));
        }
    }

    [Fact]
    public void A_bias_that_was_taken_away_leaves_the_product_as_it_was()
    {
        using var linear = FusableCase.Linear(40, 30, hasBias: false);
        var x = RandomData.Floats(1, 40);
        var before = Run(linear, x, 1, new SerialParallel());
        linear.WriteBias(7, [3, 4]);
        var with = Run(linear, x, 1, new SerialParallel());
        Assert.Equal(3, with[7] - before[7], 1e-5);
        Assert.Equal(4, with[8] - before[8], 1e-5);
        linear.LoadBias([]);
        Assert.Equal(before, Run(linear, x, 1, new SerialParallel()));
    }

    [Fact]
    public void A_product_allocates_nothing()
    {
        using var linear = FusableCase.Linear(40, 50, hasBias: true);
        using var x = new GuardedBuffer<float>(4 * 40);
        using var y = new GuardedBuffer<float>(4 * 50);
        using var workspace = new GuardedBuffer<byte>(FusableProduct.WorkspaceBytes);
        var serial = new SerialParallel();
        FusableProduct.Apply(x.Pointer, 4, linear, y.Pointer, workspace.Pointer, serial);
        var before = GC.GetAllocatedBytesForCurrentThread();
        FusableProduct.Apply(x.Pointer, 4, linear, y.Pointer, workspace.Pointer, serial);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Check(int inFeatures, int outFeatures, int rows, bool hasBias)
    {
        using var linear = FusableCase.Linear(inFeatures, outFeatures, hasBias);
        var x = RandomData.Floats(3, (long)rows * inFeatures);
        var (w, bias) = FusableCase.Values(inFeatures, outFeatures);
        var actual = Run(linear, x, rows, new SerialParallel());
        for (var i = 0; i < actual.Length; i++)
        {
            var (row, output) = (i / outFeatures, i % outFeatures);
            var (expected, magnitude) = hasBias ? ((double)bias[output], Math.Abs(bias[output])) : (0, 0);
            for (var k = 0; k < inFeatures; k++)
            {
                var product = (double)w[(output * inFeatures) + k] * x[(row * inFeatures) + k];
                (expected, magnitude) = (expected + product, magnitude + (float)Math.Abs(product));
            }

            var isClose = Math.Abs(expected - actual[i]) <= Tolerances.Chain((2 * inFeatures) + 2, magnitude);
            Assert.True(isClose, $"[{outFeatures}, {inFeatures}] row {row} output {output}: {actual[i]}, not {expected}");
        }
    }

    private static float[] Run(FusableLinear linear, float[] x, int rows, IParallel parallel)
    {
        using var input = new GuardedBuffer<float>(x.Length);
        using var output = new GuardedBuffer<float>(rows * linear.OutFeatures);
        using var workspace = new GuardedBuffer<byte>(FusableProduct.WorkspaceBytes);
        x.CopyTo(input.Span);
        FusableProduct.Apply(input.Pointer, rows, linear, output.Pointer, workspace.Pointer, parallel);
        return output.Span.ToArray();
    }
}
