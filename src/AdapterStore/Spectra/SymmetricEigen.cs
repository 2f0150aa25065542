using AdapterServe.AdapterStore.Formats;

namespace AdapterServe.AdapterStore.Spectra;

/// <summary>
/// All eigenvalues and eigenvectors of a real symmetric matrix: reflections make it tridiagonal, rotations with shifts make that diagonal.
/// <b>Semantics</b>: M = Σ values[i] v_i v_iᵀ, values descending. <b>Shapes</b>: vectors [n, n], v_i in row i, orthonormal to rounding.
/// <b>Effects</b>: deterministic; the signs of vectors are as they come. An eigenvalue is off by a small multiple of n 2^-53 |M|.
/// <b>Source</b>: Golub and Van Loan, Matrix Computations, 8.3 (Householder, implicit symmetric QR).
/// </summary>
internal sealed class SymmetricEigen
{
    /// <summary>Two or three are usual; a finite matrix never needs so many.</summary>
    private const int MaxSweeps = 100;

    private SymmetricEigen(double[] values, double[] vectors)
    {
        Values = values;
        Vectors = vectors;
    }

    public double[] Values { get; }

    public double[] Vectors { get; }

    public ReadOnlySpan<double> Vector(int i) => Vectors.AsSpan(i * Values.Length, Values.Length);

    /// <param name="matrix">Both triangles, [n, n]; overwritten.</param>
    /// <param name="n">At least 1.</param>
    public static SymmetricEigen Decompose(double[] matrix, int n)
    {
        var diagonal = new double[n];
        var beside = new double[n];
        var factors = Tridiagonalise(matrix, n, diagonal, beside);
        var vectors = DoubleMatrix.Transpose(Reflect(matrix, n, factors), n, n);
        Diagonalise(diagonal, beside, vectors);
        return Sorted(diagonal, vectors);
    }

    /// <summary>Leaves reflection k in row k right of the diagonal; <paramref name="beside"/>[k] joins k and k + 1. Returns each reflection's 2 / |v|².</summary>
    private static double[] Tridiagonalise(double[] matrix, int n, double[] diagonal, double[] beside)
    {
        var factors = new double[n];
        var product = new double[n];
        for (var k = 0; k < n; k++)
        {
            diagonal[k] = matrix[(k * n) + k];
            if (k == n - 1)
            {
                break;
            }

            var v = matrix.AsSpan((k * n) + k + 1, n - k - 1);
            beside[k] = MakeReflection(v, out factors[k]);
            if (factors[k] != 0)
            {
                ReflectBothSides(matrix, n, k + 1, v, factors[k], product.AsSpan(0, v.Length));
            }
        }

        return factors;
    }

    /// <summary>Turns x into the v of the reflection that takes x to (result, 0, …).</summary>
    private static double MakeReflection(Span<double> x, out double factor)
    {
        var rest = DoubleMatrix.Norm(x[1..]);
        if (rest == 0)
        {
            factor = 0;
            return x[0];
        }

        var length = -Math.CopySign(double.Hypot(x[0], rest), x[0]);
        x[0] -= length;
        // Of length one, so that no square underflows later.
        DoubleMatrix.Scale(x, 1 / double.Hypot(x[0], rest));
        factor = 2;
        return length;
    }

    /// <summary>M ← H M H on the trailing block, H = I - factor v vᵀ.</summary>
    private static void ReflectBothSides(double[] matrix, int n, int from, ReadOnlySpan<double> v, double factor, Span<double> w)
    {
        for (var i = 0; i < v.Length; i++)
        {
            w[i] = factor * DoubleMatrix.Dot(matrix.AsSpan(((from + i) * n) + from, v.Length), v);
        }

        DoubleMatrix.AddScaled(w, -factor / 2 * DoubleMatrix.Dot(v, w), v);
        for (var i = 0; i < v.Length; i++)
        {
            var row = matrix.AsSpan(((from + i) * n) + from, v.Length);
            DoubleMatrix.AddScaled(row, -v[i], w);
            DoubleMatrix.AddScaled(row, -w[i], v);
        }
    }

    /// <summary>The product of all reflections, from the last to the first, each on the block that it changes.</summary>
    private static double[] Reflect(double[] matrix, int n, double[] factors)
    {
        var product = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            product[(i * n) + i] = 1;
        }

        var sums = new double[n];
        for (var k = n - 2; k >= 0; k--)
        {
            if (factors[k] == 0)
            {
                continue;
            }

            var v = matrix.AsSpan((k * n) + k + 1, n - k - 1);
            var own = sums.AsSpan(0, v.Length);
            own.Clear();
            for (var i = 0; i < v.Length; i++)
            {
                DoubleMatrix.AddScaled(own, factors[k] * v[i], product.AsSpan(((k + 1 + i) * n) + k + 1, v.Length));
            }

            for (var i = 0; i < v.Length; i++)
            {
                DoubleMatrix.AddScaled(product.AsSpan(((k + 1 + i) * n) + k + 1, v.Length), -v[i], own);
            }
        }

        return product;
    }

    private static void Diagonalise(double[] diagonal, double[] beside, double[] vectors)
    {
        var n = diagonal.Length;
        var largest = Enumerable.Range(0, n).Max(i => Math.Abs(diagonal[i]) + Math.Abs(beside[i]));
        for (var first = 0; first < n; first++)
        {
            for (var sweep = 0; ; sweep++)
            {
                var last = first;
                while (last < n - 1 && !IsNothing(beside[last], diagonal[last], diagonal[last + 1], largest))
                {
                    last++;
                }

                if (last == first)
                {
                    break;
                }

                if (sweep == MaxSweeps)
                {
                    throw new ArithmeticException("The eigenvalues of a matrix were not found.");
                }

                Sweep(diagonal, beside, vectors, first, last);
            }
        }
    }

    private static bool IsNothing(double beside, double above, double below, double largest)
    {
        const double Epsilon = 1.2e-16;
        return Math.Abs(beside) <= Epsilon * Math.Max(Math.Abs(above) + Math.Abs(below), Epsilon * largest);
    }

    /// <summary>One implicit step with Wilkinson's shift on the rows [first, last], from below; each rotation is applied to two rows of vectors.</summary>
    private static void Sweep(double[] diagonal, double[] beside, double[] vectors, int first, int last)
    {
        var n = diagonal.Length;
        var slope = (diagonal[first + 1] - diagonal[first]) / (2 * beside[first]);
        var shift = diagonal[first] - (beside[first] / (slope + Math.CopySign(double.Hypot(slope, 1), slope)));
        var (bulge, cosine, sine, moved) = (diagonal[last] - shift, 1.0, 1.0, 0.0);
        for (var i = last - 1; i >= first; i--)
        {
            var (outside, along) = (sine * beside[i], cosine * beside[i]);
            var length = double.Hypot(outside, bulge);
            beside[i + 1] = length;
            if (length == 0)
            {
                // The matrix falls apart here; the next sweep goes on with a piece.
                diagonal[i + 1] -= moved;
                beside[last] = 0;
                return;
            }

            (sine, cosine) = (outside / length, bulge / length);
            var corner = diagonal[i + 1] - moved;
            var turned = ((diagonal[i] - corner) * sine) + (2 * cosine * along);
            moved = sine * turned;
            diagonal[i + 1] = corner + moved;
            bulge = (cosine * turned) - along;
            Rotate(vectors.AsSpan(i * n, n), vectors.AsSpan((i + 1) * n, n), cosine, sine);
        }

        diagonal[first] -= moved;
        beside[first] = bulge;
        beside[last] = 0;
    }

    private static void Rotate(Span<double> upper, Span<double> lower, double cosine, double sine)
    {
        var lanes = System.Numerics.Vector<double>.Count;
        var i = 0;
        for (; i <= upper.Length - lanes; i += lanes)
        {
            var (u, l) = (new System.Numerics.Vector<double>(upper[i..]), new System.Numerics.Vector<double>(lower[i..]));
            ((u * sine) + (l * cosine)).CopyTo(lower[i..]);
            ((u * cosine) - (l * sine)).CopyTo(upper[i..]);
        }

        for (; i < upper.Length; i++)
        {
            (lower[i], upper[i]) = ((sine * upper[i]) + (cosine * lower[i]), (cosine * upper[i]) - (sine * lower[i]));
        }
    }

    private static SymmetricEigen Sorted(double[] diagonal, double[] vectors)
    {
        var n = diagonal.Length;
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => diagonal[i])];
        var sorted = new double[vectors.Length];
        for (var i = 0; i < n; i++)
        {
            vectors.AsSpan(order[i] * n, n).CopyTo(sorted.AsSpan(i * n));
        }

        return new SymmetricEigen([.. order.Select(i => diagonal[i])], sorted);
    }
}
