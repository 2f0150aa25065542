namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The layouts of <see cref="Packing"/> with one bit an element: sixteen lanes are one word, lane 0 its lowest bit. Padding is zero.
/// </summary>
internal static unsafe class BitPacking
{
    private const int Lanes = Packing.Lanes;

    public static void Dot(BitMatrix matrix, ushort* destination)
    {
        var chunks = Packing.RoundUp(matrix.Columns) / Lanes;
        for (var row = 0; row < matrix.Rows; row++)
        {
            var group = row / Packing.RankGroup * Packing.RankGroup;
            var ranks = Math.Min(Packing.RankGroup, matrix.Rows - group);
            var target = destination + ((nint)group * chunks) + (row - group);
            for (var column = 0; column < matrix.Columns; column++)
            {
                if (matrix.IsHigh(row, column))
                {
                    target[column / Lanes * ranks] |= (ushort)(1 << (column % Lanes));
                }
            }
        }
    }

    /// <summary>The last of Columns + 1 columns is all ones.</summary>
    public static void PanelAndOnes(BitMatrix matrix, ushort* destination)
    {
        var columns = matrix.Columns + 1;
        for (var row = 0; row < matrix.Rows; row++)
        {
            var panel = row / Packing.PanelWidth * Packing.PanelWidth;
            var words = Packing.WidthAt(panel, matrix.Rows) / Lanes;
            var target = destination + ((nint)panel / Lanes * columns) + ((row - panel) / Lanes);
            for (var column = 0; column < columns; column++)
            {
                if (column == matrix.Columns || matrix.IsHigh(row, column))
                {
                    target[column * words] |= (ushort)(1 << (row % Lanes));
                }
            }
        }
    }
}
