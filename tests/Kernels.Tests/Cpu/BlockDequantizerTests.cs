using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

public sealed class BlockDequantizerTests
{
    [Theory]
    [InlineData(4, 16, true)]
    [InlineData(4, 32, false)]
    [InlineData(4, 128, true)]
    [InlineData(8, 32, true)]
    [InlineData(8, 256, false)]
    public void Every_weight_is_its_code_less_zero_times_scale(int bits, int blockSize, bool hasZeros)
    {
        const int rows = 3;
        var format = new BlockFormat(bits, blockSize);
        foreach (var columns in (int[])[1, 15, 16, 100, 257])
        {
            var random = new Random(columns);
            var codes = new byte[rows * format.RowBytes(columns)];
            var zeros = new byte[hasZeros ? rows * format.ZeroBytes(columns) : 0];
            random.NextBytes(codes);
            random.NextBytes(zeros);
            var scales = RandomData.Floats(columns, rows * format.Blocks(columns));
            var actual = new float[rows * columns];
            BlockDequantizer.Dequantize(format, columns, codes, scales, zeros, actual);
            for (var i = 0; i < actual.Length; i++)
            {
                var (row, column) = (i / columns, i % columns);
                var block = column / blockSize;
                var code = Packed(codes, bits, (row * format.Blocks(columns) * blockSize) + column);
                var zero = hasZeros ? Packed(zeros, bits, (row * format.ZeroBytes(columns) * 8 / bits) + block) : 1 << (bits - 1);
                Assert.Equal((code - zero) * scales[(row * format.Blocks(columns)) + block], actual[i]);
            }
        }
    }

    [Fact]
    public void Wrong_lengths_and_formats_are_refused()
    {
        var format = new BlockFormat(4, 32);
        Assert.Throws<ArgumentException>(() => BlockDequantizer.Dequantize(format, 40, new byte[31], new float[2], [], new float[40]));
        Assert.Throws<ArgumentException>(() => BlockDequantizer.Dequantize(format, 40, new byte[32], new float[1], [], new float[40]));
        Assert.Throws<ArgumentException>(() => BlockDequantizer.Dequantize(format, 40, new byte[32], new float[2], new byte[2], new float[40]));
        Assert.Throws<ArgumentException>(() => BlockDequantizer.Dequantize(format, 40, new byte[32], new float[2], [], new float[41]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockFormat(3, 32));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockFormat(4, 48));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockFormat(4, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BlockFormat(8, 512));
    }

    private static int Packed(byte[] bytes, int bits, int index) => bits == 8 ? bytes[index] : index % 2 == 0 ? bytes[index / 2] & 15 : bytes[index / 2] / 16;
}
