using System.Collections.Immutable;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class InputRotationTests
{
    private static readonly (int Start, int End)[] s_rows = [(0, 2), (3, 3), (5, 9)];

    [Fact]
    public void Every_width_and_block_size_equals_the_reference_and_other_rows_keep_their_bits()
    {
        foreach (var width in Lengths.All)
        {
            foreach (var size in Enumerable.Range(1, width).Where(size => width % size == 0))
            {
                Check(width, [Factor(width, size, 3, isShared: false, hasOrder: false)]);
                Check(width, [Factor(width, size, 4, isShared: true, hasOrder: true)]);
            }
        }
    }

    [Theory]
    [InlineData(64, 8)]
    [InlineData(48, 16)]
    [InlineData(90, 10)]
    public void Factors_apply_one_after_another(int width, int size)
    {
        Check(width, [Factor(width, size, 3, isShared: false, hasOrder: true), Factor(width, size, 4, isShared: false, hasOrder: false), Factor(width, width / 2, 5, isShared: true, hasOrder: true)]);
    }

    [Fact]
    public void A_row_has_the_same_bits_alone_and_among_any_neighbours()
    {
        const int width = 96;
        var x = RandomData.Floats(1, 77 * width);
        ImmutableArray<RotationFactor> factors = [Factor(width, 24, 3, isShared: false, hasOrder: true), Factor(width, 4, 4, isShared: false, hasOrder: false)];
        var together = Run(x, width, factors, [(0, 40), (40, 77)], new SerialParallel());
        for (var row = 0; row < 77; row++)
        {
            Assert.Equal(Run(x[(row * width)..((row + 1) * width)], width, factors, [(0, 1)], new SerialParallel()), together[(row * width)..((row + 1) * width)]);
        }
    }

    [Theory]
    [InlineData(1, 2048, 32, 2)]
    [InlineData(200, 256, 64, 3)]
    [InlineData(33, 512, 512, 8)]
    public void Threads_change_no_bit(int rows, int width, int size, int threads)
    {
        var x = RandomData.Floats(1, rows * width);
        ImmutableArray<RotationFactor> factors = [Factor(width, size, 3, isShared: false, hasOrder: true), Factor(width, size, 4, isShared: false, hasOrder: false)];
        var parallel = new ThreadParallel(threads);
        Assert.Equal(Run(x, width, factors, [(0, rows)], new SerialParallel()), Run(x, width, factors, [(0, rows)], parallel));
        Assert.Equal(2, parallel.Calls);
    }

    [Fact]
    public void Segments_with_more_and_fewer_factors_stand_side_by_side()
    {
        const int width = 40;
        using var arena = new WeightArena();
        var one = Factor(width, 10, 3, isShared: false, hasOrder: true);
        var two = Factor(width, 4, 4, isShared: true, hasOrder: false);
        var x = RandomData.Floats(1, 4 * width);
        InputRotationSegment[] segments =
            [new(0, 1, InputRotationWeights.Pack(arena, width, 5, [one])), new(1, 2, InputRotationWeights.Pack(arena, width, 5, [one, two])), new(3, 4, InputRotationWeights.Pack(arena, width, 5, [two]))];
        var actual = Run(x, width, segments, new SerialParallel());
        Assert.Equal(Run(x, width, [one], [(0, 1)], new SerialParallel())[..width], actual[..width]);
        Assert.Equal(Run(x, width, [one, two], [(1, 2)], new SerialParallel())[width..(2 * width)], actual[width..(2 * width)]);
        Assert.Equal(x[(2 * width)..(3 * width)], actual[(2 * width)..(3 * width)]);
        Assert.Equal(Run(x, width, [two], [(3, 4)], new SerialParallel())[(3 * width)..], actual[(3 * width)..]);
    }

    [Fact]
    public void Factors_that_do_not_fit_are_refused()
    {
        using var arena = new WeightArena();
        Refuse(arena, new RotationFactor(5, new float[25]), "InputRotation: rest of the width must be 0, got 3.");
        Refuse(arena, new RotationFactor(0, ReadOnlyMemory<float>.Empty), "InputRotation: block size must be in [1, 9), got 0.");
        Refuse(arena, new RotationFactor(4, new float[33]), "InputRotation: blocks must be 32, got 33.");
        Refuse(arena, new RotationFactor(4, new float[16], new int[7]), "InputRotation: order must be 8, got 7.");
        Refuse(arena, new RotationFactor(4, new float[16], new int[8]), "InputRotation: times that the order names a place must be 1, got 2.");
        Refuse(arena, new RotationFactor(4, new float[16], new[] { 0, 1, 2, 3, 4, 5, 6, 8 }), "InputRotation: order must be in [0, 8), got 8.");
        var weights = InputRotationWeights.Pack(arena, 8, 3, [new RotationFactor(4, new float[16])]);
        var workspace = stackalloc byte[(int)InputRotation.WorkspaceBytes(1, 1, 16, 1)];
        var error = Assert.Throws<ArgumentException>(() => InputRotation.Apply(null, 9, [new InputRotationSegment(0, 1, weights)], workspace, new SerialParallel()));
        Assert.Equal("InputRotation: width of the weights must be 9, got 8.", error.Message);
    }

    private static void Refuse(WeightArena arena, RotationFactor factor, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => InputRotationWeights.Pack(arena, 8, 3, [factor])).Message);

    private static RotationFactor Factor(int width, int size, int seed, bool isShared, bool hasOrder)
    {
        var order = Enumerable.Range(0, width).ToArray();
        new Random(seed).Shuffle(order);
        return new RotationFactor(size, RandomData.Floats(seed, isShared ? size * size : width * size), hasOrder ? order : []);
    }

    private static void Check(int width, ImmutableArray<RotationFactor> factors)
    {
        var x = RandomData.Floats(1, 9 * width);
        var actual = Run(x, width, factors, s_rows, new SerialParallel());
        var expected = Array.ConvertAll(x, value => (double)value);
        var magnitude = Array.ConvertAll(x, value => (double)Math.Abs(value));
        foreach (var factor in factors)
        {
            var (blocks, order) = (factor.Blocks.ToArray(), factor.Order.ToArray());
            foreach (var (start, end) in s_rows)
            {
                Reference.InputRotation.Apply(expected, width, start, end, factor.BlockSize, blocks, order);
                Reference.InputRotation.Apply(magnitude, width, start, end, factor.BlockSize, Array.ConvertAll(blocks, Math.Abs), order);
            }
        }

        for (var i = 0; i < actual.Length; i++)
        {
            var tolerance = i / width is >= 2 and < 5 ? 0 : Tolerances.InputRotation(factors.Max(factor => factor.BlockSize), factors.Length, magnitude[i]);
            Assert.True(
                Math.Abs(actual[i] - expected[i]) <= tolerance, $"width {width}, blocks of {factors[0].BlockSize}, at {i}: expected {expected[i]}, got {actual[i]}, allowed {tolerance}");
        }
    }

    private static float[] Run(float[] x, int width, ImmutableArray<RotationFactor> factors, (int Start, int End)[] rows, IParallel parallel)
    {
        using var arena = new WeightArena();
        var weights = InputRotationWeights.Pack(arena, width, 7, factors);
        return Run(x, width, Array.ConvertAll(rows, r => new InputRotationSegment(r.Start, r.End, weights)), parallel);
    }

    private static float[] Run(float[] x, int width, InputRotationSegment[] segments, IParallel parallel)
    {
        using var input = new GuardedBuffer<float>(x);
        using var workspace = new GuardedBuffer<byte>(
            InputRotation.WorkspaceBytes(segments.Max(s => s.RowEnd - s.RowStart), segments.Length, segments.Max(s => s.Weights.LargestBlock), parallel.Threads));
        workspace.Span.Fill(0xFF);
        InputRotation.Apply(input.Pointer, width, segments, workspace.Pointer, parallel);
        return input.Span.ToArray();
    }
}
