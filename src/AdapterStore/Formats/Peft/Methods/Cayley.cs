namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// The Cayley transform of a skew-symmetric matrix Q, (I - Q) (I + Q)⁻¹, in f64. <b>Shapes</b>: [size, size].
/// </summary>
internal static class Cayley
{
    /// <summary>I + Q has no eigenvalue of an absolute value below 1, so that it can always be inverted.</summary>
    public static double[] Exact(double[] skew, int size)
    {
        // X (I + Q) = I - Q, transposed: (I - Q) Xᵀ = I + Q, since Qᵀ = -Q.
        var (left, right) = (Identity(size), Identity(size));
        for (var i = 0; i < skew.Length; i++)
        {
            left[i] -= skew[i];
            right[i] += skew[i];
        }

        Solve(left, right, size);
        return Transposed(right, size);
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

    private static double[] Transposed(double[] matrix, int size)
    {
        var transposed = new double[matrix.Length];
        for (var i = 0; i < matrix.Length; i++)
        {
            transposed[(i % size * size) + (i / size)] = matrix[i];
        }

        return transposed;
    }

    /// <summary>right = left⁻¹ right by elimination with the largest pivot of each column; left is destroyed.</summary>
    private static void Solve(double[] left, double[] right, int size)
    {
        for (var column = 0; column < size; column++)
        {
            var pivot = column;
            for (var row = column + 1; row < size; row++)
            {
                pivot = Math.Abs(left[(row * size) + column]) > Math.Abs(left[(pivot * size) + column]) ? row : pivot;
            }

            Swap(left, pivot, column, size);
            Swap(right, pivot, column, size);
            for (var row = 0; row < size; row++)
            {
                var factor = row == column ? 0 : -left[(row * size) + column] / left[(column * size) + column];
                if (factor != 0)
                {
                    DoubleMatrix.AddScaled(left.AsSpan(row * size, size), factor, left.AsSpan(column * size, size));
                    DoubleMatrix.AddScaled(right.AsSpan(row * size, size), factor, right.AsSpan(column * size, size));
                }
            }
        }

        for (var row = 0; row < size; row++)
        {
            for (var column = 0; column < size; column++)
            {
                right[(row * size) + column] /= left[(row * size) + row];
            }
        }
    }

    private static void Swap(double[] matrix, int first, int second, int size)
    {
        for (var i = 0; first != second && i < size; i++)
        {
            (matrix[(first * size) + i], matrix[(second * size) + i]) = (matrix[(second * size) + i], matrix[(first * size) + i]);
        }
    }
}
