using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class BlockQuantizerTests
{
    [Theory]
    [InlineData(4, 32)]
    [InlineData(4, 16)]
    [InlineData(4, 128)]
    [InlineData(8, 32)]
    public void No_weight_is_further_from_its_code_than_a_step(int bits, int blockSize)
    {
        var format = new BlockFormat(bits, blockSize);
        foreach (var columns in (int[])[1, 31, 32, 33, 200])
        {
            var rows = RandomData.Floats(columns, 5 * columns, 3);
            var (_, scales, restored) = RoundTrip(format, columns, rows);
            for (var i = 0; i < rows.Length; i++)
            {
                // Half a step by rounding; the value opposite to the extreme loses another half to the missing highest code, and the fit moves the scale by less than a tenth.
                var step = Math.Abs(scales[(i / columns * format.Blocks(columns)) + (i % columns / blockSize)]);
                Assert.True(Math.Abs(rows[i] - restored[i]) <= 1.6 * step, $"{columns} columns: {rows[i]} became {restored[i]} in steps of {step}");
            }
        }
    }

    [Fact]
    public void Searched_blocks_of_4_bits_lose_less_than_plain_rounding()
    {
        var rows = RandomData.Floats(7, 32 * 200);
        var (_, _, restored) = RoundTrip(new BlockFormat(4, 32), 32, rows);
        var plain = rows.Chunk(32).SelectMany(PlainRounding).ToArray();
        Assert.True(Loss(rows, restored) < 0.95 * Loss(rows, plain), $"{Loss(rows, restored)} against {Loss(rows, plain)}");
    }

    [Fact]
    public void Eight_bits_lose_little()
    {
        var rows = RandomData.Floats(8, 64 * 50);
        var (_, _, restored) = RoundTrip(new BlockFormat(8, 32), 64, rows);

        // Uniform values in steps of 1/128 of the extreme: the error's variance is a twelfth of the squared step, the value's a third.
        Assert.InRange(Loss(rows, restored) / Loss(rows, new float[rows.Length]), 0, 1.5 / (4 * 128 * 128));
    }

    [Theory]
    [InlineData(4, 0x88)]
    [InlineData(8, 0x80)]
    public void Zeros_and_padding_are_the_zero_point(int bits, byte zero)
    {
        var (codes, scales, restored) = RoundTrip(new BlockFormat(bits, 32), 5, new float[10]);
        Assert.All(codes, code => Assert.Equal(zero, code));
        Assert.All(scales, scale => Assert.Equal(0, scale));
        Assert.All(restored, value => Assert.Equal(0, value));

        var (padded, _, _) = RoundTrip(new BlockFormat(bits, 32), 6, [1, 2, 3, 4, 5, 6]);
        Assert.All(padded[(6 * bits / 8)..], code => Assert.Equal(zero, code));
    }

    [Theory]
    [InlineData(1e-38f)]
    [InlineData(1e-25f)]
    [InlineData(1e25f)]
    [InlineData(3e38f)]
    public void Extreme_magnitudes_stay_finite(float magnitude)
    {
        var rows = RandomData.Floats(3, 64, magnitude);
        rows[3] = magnitude;
        rows[40] = -magnitude;
        var (_, _, restored) = RoundTrip(new BlockFormat(4, 32), 32, rows);
        Assert.All(restored, value => Assert.True(float.IsFinite(value)));
        var bound = Math.Max(magnitude / 4, 1e-30f);
        Assert.All(restored.Zip(rows), pair => Assert.InRange(pair.First, pair.Second - bound, pair.Second + bound));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_is_told(float value)
    {
        var format = new BlockFormat(4, 32);
        foreach (var place in (int[])[0, 31, 32, 69])
        {
            var rows = RandomData.Floats(1, 70);
            rows[place] = value;
            Assert.False(BlockQuantizer.TryQuantize(format, 35, rows, new byte[2 * format.RowBytes(35)], new float[4]));
        }
    }

    [Fact]
    public void Known_values_have_known_codes()
    {
        float[] row = [-8, 7, 0, 1, -1, 4, 3, 2, -8, -7, -6, -5, -4, -3, -2, 5];
        var (codes, scales, restored) = RoundTrip(new BlockFormat(4, 16), 16, row);
        Assert.Equal([0xF0, 0x98, 0xC7, 0xAB, 0x10, 0x32, 0x54, 0xD6], codes);
        Assert.Equal(1, scales[0], 1e-6);
        Assert.All(restored.Zip(row), pair => Assert.Equal(pair.Second, pair.First, 1e-5));
    }

    [Fact]
    public void Wrong_lengths_are_refused()
    {
        var format = new BlockFormat(4, 32);
        Assert.Throws<ArgumentException>(() => BlockQuantizer.TryQuantize(format, 40, new float[79], new byte[64], new float[4]));
        Assert.Throws<ArgumentException>(() => BlockQuantizer.TryQuantize(format, 40, new float[80], new byte[63], new float[4]));
        Assert.Throws<ArgumentException>(() => BlockQuantizer.TryQuantize(format, 40, new float[80], new byte[64], new float[3]));
    }

    private static (byte[] Codes, float[] Scales, float[] Restored) RoundTrip(BlockFormat format, int columns, float[] rows)
    {
        var count = rows.Length / columns;
        using var source = new GuardedBuffer<float>(rows);
        using var codes = new GuardedBuffer<byte>(count * format.RowBytes(columns));
        using var scales = new GuardedBuffer<float>(count * format.Blocks(columns));
        Assert.True(BlockQuantizer.TryQuantize(format, columns, source.Span, codes.Span, scales.Span));
        var restored = new float[rows.Length];
        BlockDequantizer.Dequantize(format, columns, codes.Span, scales.Span, [], restored);
        return (codes.Span.ToArray(), scales.Span.ToArray(), restored);
    }

    private static IEnumerable<float> PlainRounding(float[] block)
    {
        var step = block.MaxBy(Math.Abs) / -8;
        return block.Select(value => step * Math.Clamp(MathF.Round(value / step), -8, 7));
    }

    private static double Loss(float[] expected, float[] actual) => expected.Zip(actual, (a, b) => ((double)a - b) * ((double)a - b)).Sum();
}
