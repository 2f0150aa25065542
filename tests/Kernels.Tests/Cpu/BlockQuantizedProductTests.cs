using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed unsafe class BlockQuantizedProductTests
{
    public static TheoryData<int, bool> BlocksAndZeroPoints { get; } = new MatrixTheoryData<int, bool>([32, 64, 128, 256], [false, true]);

    [Theory]
    [MemberData(nameof(BlocksAndZeroPoints))]
    public void Every_length_of_input_and_output_equals_the_reference(int blockSize, bool hasZeroPoints)
    {
        foreach (var length in Lengths.All)
        {
            new BlockProductCase(blockSize, length, 17, 3, hasZeroPoints).Check();
            new BlockProductCase(blockSize, 70, length, 2, hasZeroPoints, hasBias: true).Check();
        }
    }

    [Theory]
    [MemberData(nameof(BlocksAndZeroPoints))]
    public void Every_number_of_rows_equals_the_reference(int blockSize, bool hasZeroPoints)
    {
        foreach (var rows in (int[])[1, 2, 3, 4, 5, 8, 63, 64, 65, 130])
        {
            new BlockProductCase(blockSize, 300, 33, rows, hasZeroPoints, hasBias: true).Check();
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void Threads_and_neighbours_change_no_bit(int threads)
    {
        foreach (var hasZeroPoints in (bool[])[false, true])
        {
            var data = new BlockProductCase(32, 900, 330, 70, hasZeroPoints, hasBias: true);
            var parallel = new ThreadParallel(threads);
            var expected = data.Run();
            Assert.Equal(expected, data.Run(parallel));
            Assert.NotEqual(0, parallel.Calls);
            foreach (var row in (int[])[0, 1, 2, 33, 63, 64, 69])
            {
                Assert.Equal(data.Run(data.RowOfX(row), new SerialParallel()), expected[(row * 330)..((row + 1) * 330)]);
            }

            Assert.Equal(data.Run(data.X[..(3 * 900)], parallel), expected[..(3 * 330)]);
        }
    }

    [Theory]
    [InlineData(0x00, 0x00, 1)]
    [InlineData(0xFF, 0x00, 1)]
    [InlineData(0xFF, 0x00, -1)]
    [InlineData(0x00, 0xFF, 1)]
    [InlineData(0x0F, 0xFF, -1)]
    public void The_largest_codes_with_the_largest_bytes_do_not_overflow(byte code, byte zeroPoint, float sign)
    {
        foreach (var hasZeroPoints in (bool[])[false, true])
        {
            foreach (var period in (int[])[1, 2, 4, 8, 16, 32])
            {
                var x = Enumerable.Range(0, 3 * 96).Select(i => i / period % 2 == 0 ? sign : -sign).ToArray();
                var data = new BlockProductCase(32, 96, 64, 3, hasZeroPoints) { X = x };
                Array.Fill(data.Codes, code);
                Array.Fill(data.ZeroPoints, zeroPoint);
                data.Check();
            }

            var same = new BlockProductCase(32, 96, 64, 3, hasZeroPoints) { X = [.. Enumerable.Repeat(sign, 3 * 96)] };
            Array.Fill(same.Codes, code);
            Array.Fill(same.ZeroPoints, zeroPoint);
            same.Check();
        }
    }

    [Fact]
    public void A_known_product_has_its_known_value()
    {
        var data = new BlockProductCase(32, 64, 2, 1) { X = [.. Enumerable.Range(0, 64).Select(i => i < 32 ? 127f : i % 2 == 0 ? 254 : -127)] };
        Array.Fill(data.Codes, (byte)0xA9); // 1 and 2 in turn, less the default zero point of 8
        new float[] { 1, 0.5f, -2, 4 }.CopyTo(data.Scales, 0);
        Assert.Equal([(127f * 48) + (16 * (254 - 256) * 0.5f), (-2 * 127f * 48) + (16 * (254 - 256) * 4)], data.Run());
    }

    [Fact]
    public void A_row_of_zeros_gives_the_bias_and_values_too_small_for_a_scale_count_as_zeros()
    {
        foreach (var value in (float[])[0, -0f, 1e-44f, 9e-36f])
        {
            var data = new BlockProductCase(32, 100, 70, 3, hasBias: true) { X = [.. Enumerable.Repeat(value, 300)] };
            Assert.Equal([.. data.Bias!, .. data.Bias!, .. data.Bias!], data.Run());
        }
    }

    [Theory]
    [InlineData(1.1e-35f, 1e3f)]
    [InlineData(3.4e38f, 1e-3f)]
    public void Extreme_magnitudes_keep_their_products(float magnitude, float factor)
    {
        var data = new BlockProductCase(32, 96, 40, 2) { X = [.. RandomData.Floats(8, 192).Select((value, i) =>
            i % 32 == 5 ? magnitude : value * magnitude)] };
        for (var i = 0; i < data.Scales.Length; i++)
        {
            data.Scales[i] *= factor;
        }

        Assert.All(data.Run(), value => Assert.True(float.IsFinite(value) && value != 0));
        data.Check();
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_not_finite_makes_its_row_not_a_number_and_no_other(float value)
    {
        foreach (var hasZeroPoints in (bool[])[false, true])
        {
            foreach (var place in (int[])[0, 31, 64, 69])
            {
                var data = new BlockProductCase(32, 70, 20, 4, hasZeroPoints, hasBias: true);
                var expected = data.Run();
                data.X[(2 * 70) + place] = value;
                var actual = data.Run();
                Assert.All(actual[40..60], got => Assert.True(float.IsNaN(got)));
                Assert.Equal(expected[..40], actual[..40]);
                Assert.Equal(expected[60..], actual[60..]);
            }
        }
    }

    [Fact]
    public void No_rows_write_nothing() => Assert.Empty(new BlockProductCase(32, 70, 20, 0).Run());

    [Theory]
    [InlineData(8, 32, 10, 10, "bits must be 4, got 8")]
    [InlineData(4, 16, 10, 10, "block size must be in [32, 257), got 16")]
    [InlineData(4, 32, 0, 10, "in features must be in [1, 2147483647), got 0")]
    [InlineData(4, 32, 10, -1, "out features must be in [1, 2147483647), got -1")]
    public void What_the_layout_can_not_hold_is_refused(int bits, int blockSize, int inFeatures, int outFeatures, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => new BlockProductLayout(new BlockFormat(bits, blockSize), inFeatures, outFeatures,
            hasZeroPoints: false));
        Assert.Equal($"BlockQuantizedProduct: {message}.", error.Message);
        Assert.Equal(bits == 4 && blockSize >= 32, BlockProductLayout.Holds(new BlockFormat(bits, blockSize)));
    }

    [Theory]
    [InlineData(31, 4, 0)]
    [InlineData(32, 3, 0)]
    [InlineData(32, 4, 2)]
    public void Rows_of_other_lengths_are_refused(int codes, int scales, int zeroPoints)
    {
        var layout = new BlockProductLayout(new BlockFormat(4, 32), 33, 2, hasZeroPoints: false);
        Assert.Throws<ArgumentException>(
            () => BlockProductPacking.Tile(layout, new byte[2 * codes], new float[scales], new byte[zeroPoints], new byte[layout.TileBytes]));
    }

    [Fact]
    public void Negative_rows_are_refused()
    {
        var layout = new BlockProductLayout(new BlockFormat(4, 32), 33, 2, hasZeroPoints: false);
        Assert.Throws<ArgumentException>(() => BlockQuantizedProduct.Apply(null, -1, new BlockProductWeights(layout, 0), null, null, null,
            new SerialParallel()));
    }
}
