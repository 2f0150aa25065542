namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>Rounds a weight to 4 bits, a scale for each block, no zero points.</summary>
internal static class SymmetricBlocks
{
    /// <param name="weight">As a MatMul node has it, [columns, rows]; whole blocks.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="blockSize">Columns of a block.</param>
    public static (byte[] Codes, float[] Scales) Of(float[] weight, int rows, int blockSize)
    {
        var columns = weight.Length / rows;
        var (codes, scales) = (new byte[weight.Length / 2], new float[weight.Length / blockSize]);
        for (var i = 0; i < weight.Length; i++)
        {
            var (row, column) = (i / columns, i % columns);
            var block = i / blockSize;
            if (i % blockSize == 0)
            {
                scales[block] = Enumerable.Range(column, blockSize).Max(k => Math.Abs(weight[(k * rows) + row])) / 7;
            }

            var code = 8 + (int)MathF.Round(weight[(column * rows) + row] / scales[block]);
            codes[i / 2] |= (byte)(code << (4 * (i % 2)));
        }

        return (codes, scales);
    }
}
