using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Reference;

/// <summary>
/// y[row] = (W x'[row]) + bias in double, from the codes as they come: x' is x rounded to bytes by 32 inputs as the kernel's contract says.
/// </summary>
internal static class BlockQuantizedProduct
{
    private const int Group = BlockProductLayout.GroupInputs;

    /// <param name="format">Of the codes.</param>
    /// <param name="x">One row.</param>
    /// <param name="codes">Rows of the matrix.</param>
    /// <param name="scales">Of each row and block.</param>
    /// <param name="zeroPoints">Of each row and block; empty: the default one.</param>
    /// <param name="y">One row, which may hold a bias to add to.</param>
    /// <param name="magnitude">Takes the sum of the absolute values of the groups' terms.</param>
    public static void Add(
        BlockFormat format,
        ReadOnlySpan<float> x,
        ReadOnlySpan<byte> codes,
        ReadOnlySpan<float> scales,
        ReadOnlySpan<byte> zeroPoints,
        Span<double> y,
        Span<double> magnitude)
    {
        for (var first = 0; first < x.Length; first += Group)
        {
            var group = x[first..Math.Min(first + Group, x.Length)];
            var (rounded, scale) = Quantize(group);
            var block = first / format.BlockSize;
            for (var o = 0; o < y.Length; o++)
            {
                var zero = zeroPoints.IsEmpty ? format.DefaultZero : Nibble(zeroPoints[(o * format.ZeroBytes(x.Length))..], block);
                var sum = 0L;
                for (var i = 0; i < group.Length; i++)
                {
                    sum += (Nibble(codes[(int)(o * format.RowBytes(x.Length))..], first + i) - zero) * rounded[i];
                }

                var term = sum * (double)scales[(o * format.Blocks(x.Length)) + block] * scale;
                y[o] += term;
                magnitude[o] += Math.Abs(term);
            }
        }
    }

    public static (int[] Rounded, float Scale) Quantize(ReadOnlySpan<float> group)
    {
        var (rounded, largest) = (new int[group.Length], 0f);
        foreach (var value in group)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        if (!float.IsFinite(largest))
        {
            return (rounded, float.NaN);
        }

        if (largest < Cpu.BlockActivations.Least)
        {
            return (rounded, 0);
        }

        var scale = largest / 127;
        for (var i = 0; i < group.Length; i++)
        {
            rounded[i] = (int)MathF.Round(group[i] * (1 / scale), MidpointRounding.ToEven);
        }

        return (rounded, scale);
    }

    private static int Nibble(ReadOnlySpan<byte> packed, int index) => (packed[index / 2] >> (4 * (index & 1))) & 15;
}
