namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// The Cayley transform of a skew-symmetric matrix Q, (I - Q) (I + Q)⁻¹, in f64. <b>Shapes</b>: [size, size].
/// </summary>
internal static class Cayley
{
    /// <summary>Null where it is beyond the range of numbers: I + Q has no eigenvalue of an absolute value below 1, so that it has an inverse.</summary>
    public static double[]? Exact(double[] skew, int size)
    {
        // X (I + Q) = I - Q, so that a row x of X has (I - Q) x = the same row of I - Q, since Qᵀ = -Q.
        var rows = Identity(size);
        DoubleMatrix.AddScaled(rows, -1, skew);
        var inverse = LuDecomposition.Of([.. rows], size);
        for (var row = 0; inverse is not null && row < size; row++)
        {
            inverse.Solve(rows.AsSpan(row * size, size));
        }

        return inverse is null ? null : rows;
    }

    /// <summary>
    /// What PEFT computes in place of (I + Q)(I - Q)⁻¹: I + 2 Q + … + 2 Qⁿ⁻² + Qⁿ⁻¹ for n terms, and as in its code, n = 3 gives what 4 gives.
    /// </summary>
    public static double[] Series(double[] skew, int size, int terms)
    {
        var sum = Identity(size);
        if (terms == 1)
        {
            return sum;
        }

        DoubleMatrix.AddScaled(sum, 2, skew);
        if (terms == 2)
        {
            return sum;
        }

        var power = DoubleMatrix.Multiply(skew, skew, size, size, size);
        DoubleMatrix.AddScaled(sum, 2, power);
        for (var term = 3; term < terms - 1; term++)
        {
            power = DoubleMatrix.Multiply(power, skew, size, size, size);
            DoubleMatrix.AddScaled(sum, 2, power);
        }

        DoubleMatrix.AddScaled(sum, 1, DoubleMatrix.Multiply(power, skew, size, size, size));
        return sum;
    }

    private static double[] Identity(int size)
    {
        var matrix = new double[size * size];
        for (var i = 0; i < size; i++)
        {
            matrix[(i * size) + i] = 1;
        }

        return matrix;
    }
}
