using System.Runtime.InteropServices;
using AdapterServe.Engine.Models.Weights;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Tests.Models;

public sealed class BlockProductSourceTests
{
    [Theory]
    [InlineData(32, 70, 200, false)]
    [InlineData(64, 130, 64, true)]
    [InlineData(128, 100, 3, true)]
    public void Every_code_scale_and_zero_point_of_its_rows_stands_at_its_place(int blockSize, int inFeatures, int outFeatures, bool hasZeroPoints)
    {
        var format = new BlockFormat(4, blockSize);
        var layout = new BlockProductLayout(format, inFeatures, outFeatures, hasZeroPoints);
        var codes = Bytes(1, outFeatures * format.RowBytes(inFeatures));
        var scales = Bytes(2, (long)outFeatures * format.Blocks(inFeatures) * sizeof(float));
        var zeroPoints = Bytes(3, hasZeroPoints ? outFeatures * format.ZeroBytes(inFeatures) : 0);
        var packed = Write(new BlockProductSource(layout, new Fixed(codes), new Fixed(scales), hasZeroPoints ? new Fixed(zeroPoints) : null));
        Assert.Equal(layout.Bytes, packed.Length);
        var recordBytes = (blockSize / 32 * 1024) + 256 + (hasZeroPoints ? 64 : 0);
        for (var output = 0; output < outFeatures; output++)
        {
            var (tile, column) = ((int)(output / 64 * layout.TileBytes), output % 64);
            for (var input = 0; input < inFeatures; input++)
            {
                var (block, within) = (input / blockSize, input % blockSize / 32);
                var place = tile + (block * recordBytes) + (within * 1024) + (column / 16 * 256) + (input % 32 / 8 * 64) + (column % 16 * 4)
                    + (input % 4);
                var expected = Nibble(codes, (int)(output * format.RowBytes(inFeatures)), input);
                Assert.Equal(expected, (packed[place] >> (input % 8 < 4 ? 0 : 4)) & 15);
                var record = tile + (block * recordBytes) + (blockSize / 32 * 1024);
                Assert.Equal(
                    MemoryMarshal.Cast<byte, int>(scales)[(output * format.Blocks(inFeatures)) + block],
                        MemoryMarshal.Read<int>(packed.AsSpan(record + (column * 4))));
                if (hasZeroPoints)
                {
                    Assert.Equal(-Nibble(zeroPoints, output * format.ZeroBytes(inFeatures), block), (sbyte)packed[record + 256 + column]);
                }
            }
        }
    }

    [Fact]
    public void A_source_that_writes_too_little_is_told()
    {
        var layout = new BlockProductLayout(new BlockFormat(4, 32), 32, 2, hasZeroPoints: false);
        var error = Assert.Throws<InvalidDataException>(() => Write(new BlockProductSource(layout, new Fixed(new byte[31]), new Fixed(new byte[8]))));
        Assert.Equal("A matrix of [2, 32] must be written as 32 bytes, got 31.", error.Message);
    }

    private static int Nibble(byte[] packed, int start, int index) => (packed[start + (index / 2)] >> (4 * (index & 1))) & 15;

    private static byte[] Bytes(int seed, long count)
    {
        var content = new byte[count];
        new Random(seed).NextBytes(content);
        return content;
    }

    private static byte[] Write(BlockProductSource source)
    {
        using var stream = new MemoryStream();
        source.Write(stream, CancellationToken.None);
        return stream.ToArray();
    }

    private sealed class Fixed(byte[] content) : IWeightSource
    {
        public void Write(Stream stream, CancellationToken cancellation) => stream.Write(content);
    }
}
