using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Weights;

public sealed class BlockProductPackingTests
{
    [Theory]
    [InlineData(32, 32, 64, false)]
    [InlineData(33, 32, 64, true)]
    [InlineData(100, 32, 5, true)]
    [InlineData(256, 128, 63, true)]
    [InlineData(190, 64, 64, false)]
    public void A_row_of_a_tile_is_what_was_packed(int inFeatures, int blockSize, int rows, bool hasZeroPoints)
    {
        var format = new BlockFormat(4, blockSize);
        var layout = new BlockProductLayout(format, inFeatures, rows, hasZeroPoints);
        var random = new Random(inFeatures);
        var (rowBytes, blocks, zeroBytes) = ((int)format.RowBytes(inFeatures), format.Blocks(inFeatures), hasZeroPoints ? format.ZeroBytes(inFeatures) : 0);
        var codes = new byte[rows * rowBytes];
        random.NextBytes(codes);
        float[] scales = [.. Enumerable.Range(0, rows * blocks).Select(_ => random.NextSingle())];
        var zeroPoints = new byte[rows * zeroBytes];
        random.NextBytes(zeroPoints);
        for (var row = 0; row < rows && blocks % 2 == 1 && hasZeroPoints; row++)
        {
            // The last half byte belongs to no block.
            zeroPoints[((row + 1) * zeroBytes) - 1] &= 15;
        }

        var tile = new byte[layout.TileBytes];
        BlockProductPacking.Tile(layout, codes, scales, zeroPoints, tile);

        for (var row = 0; row < rows; row++)
        {
            var (ownCodes, ownScales, ownZeros) = (new byte[rowBytes], new float[blocks], new byte[zeroBytes]);
            BlockProductPacking.Row(layout, tile, row, ownCodes, ownScales, ownZeros);
            Assert.Equal(codes[(row * rowBytes)..((row + 1) * rowBytes)], ownCodes);
            Assert.Equal(scales[(row * blocks)..((row + 1) * blocks)], ownScales);
            Assert.Equal(zeroPoints[(row * zeroBytes)..((row + 1) * zeroBytes)], ownZeros);
        }
    }
}
