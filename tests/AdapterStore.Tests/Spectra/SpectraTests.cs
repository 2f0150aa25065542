using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Inspection;
using AdapterServe.AdapterStore.Spectra;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Spectra;

public sealed class SpectraTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(17)]
    [InlineData(64)]
    public void Eigenvectors_make_the_matrix_again_and_are_orthonormal(int n)
    {
        var matrix = Symmetric(n, seed: n);
        var eigen = SymmetricEigen.Decompose((double[])matrix.Clone(), n);
        Assert.Equal(eigen.Values.OrderDescending(), eigen.Values);
        for (var row = 0; row < n; row++)
        {
            for (var column = 0; column < n; column++)
            {
                var made = Enumerable.Range(0, n).Sum(i => eigen.Values[i] * eigen.Vector(i)[row] * eigen.Vector(i)[column]);
                Assert.InRange(made - matrix[(row * n) + column], -Tolerances.Eigen * n, Tolerances.Eigen * n);
                Assert.InRange(DoubleMatrix.Dot(eigen.Vector(row), eigen.Vector(column)) - (row == column ? 1 : 0), -Tolerances.Eigen, Tolerances.Eigen);
            }
        }
    }

    [Theory]
    [InlineData(new double[] { 0, 0, 0, 0 })]
    [InlineData(new double[] { 5, 0, 0, 5 })]
    [InlineData(new double[] { 0, 1, 1, 0 })]
    [InlineData(new double[] { 1e150, 1e140, 1e140, 1e-150 })]
    [InlineData(new double[] { 1e-90, 2e-90, 2e-90, 1e-90 })]
    public void Eigenvalues_of_degenerate_matrices_are_those_of_their_trace_and_determinant(double[] matrix)
    {
        var (half, product) = ((matrix[0] + matrix[3]) / 2, double.Hypot((matrix[0] - matrix[3]) / 2, matrix[1]));
        var values = SymmetricEigen.Decompose((double[])matrix.Clone(), 2).Values;
        var tolerance = Tolerances.Eigen * matrix.Max(Math.Abs);
        Assert.InRange(values[0] - (half + product), -tolerance, tolerance);
        Assert.InRange(values[1] - (half - product), -tolerance, tolerance);
    }

    [Theory]
    [InlineData(12, 9, 9)]
    [InlineData(9, 12, 9)]
    [InlineData(20, 16, 5)]
    [InlineData(16, 20, 3)]
    public void Singular_values_of_a_product_are_those_of_the_matrix(int rows, int columns, int inner)
    {
        var (b, a) = (NaiveMatrix.Random(1, rows, inner), NaiveMatrix.Random(2, inner, columns));
        var matrix = NaiveMatrix.Multiply(b, a, rows, inner, columns);
        var expected = rows < columns
            ? NaiveMatrix.SingularValues(DoubleMatrix.Transpose(matrix, rows, columns), columns, rows)
            : NaiveMatrix.SingularValues(matrix, rows, columns);
        var squares = new ProductDelta(b, a, rows, inner, columns).SquaredSingularValues()!;
        for (var i = 0; i < inner; i++)
        {
            Assert.InRange(Math.Sqrt(squares[i]) - expected[i], -Tolerances.SingularValue * expected[0], Tolerances.SingularValue * expected[0]);
        }
    }

    [Theory]
    [InlineData(12, 9, 20, 4)]
    [InlineData(9, 12, 20, 4)]
    [InlineData(30, 24, 6, 2)]
    [InlineData(24, 30, 6, 6)]
    [InlineData(30, 24, 6, 1)]
    public void A_truncation_misses_by_the_next_singular_value_and_its_bound_holds(int rows, int columns, int inner, int rank)
    {
        var (b, a) = (NaiveMatrix.Random(7, rows, inner), NaiveMatrix.Random(8, inner, columns));
        var matrix = NaiveMatrix.Multiply(b, a, rows, inner, columns);
        var values = Values(matrix, rows, columns);
        foreach (var truncated in new[] { TruncatedSvd.OfProduct(b, a, rows, inner, columns, rank), TruncatedSvd.OfDense(matrix, rows, columns, rank) })
        {
            Assert.Equal(rank, truncated.Rank);
            var missed = Missed(matrix, truncated, rows, columns);
            Assert.InRange(missed, 0, truncated.Error);
            Assert.InRange(truncated.Error, values[rank], values[rank] + (Tolerances.TruncationBound * values[0]));
            Assert.InRange(truncated.Largest, values[0] * (1 - Tolerances.SingularValue), values[0] * (1 + Tolerances.SingularValue));
        }
    }

    [Fact]
    public void A_matrix_of_less_rank_than_asked_for_is_kept_whole_and_in_fewer_factors()
    {
        var (b, a) = (NaiveMatrix.Random(1, 20, 3), NaiveMatrix.Random(2, 3, 16));
        var truncated = TruncatedSvd.OfDense(NaiveMatrix.Multiply(b, a, 20, 3, 16), 20, 16, 7);
        Assert.Equal(3, truncated.Rank);
        Assert.InRange(truncated.Error, 0, Tolerances.TruncationBound * truncated.Largest);
    }

    [Fact]
    public void Nothing_is_approximated_by_nothing()
    {
        foreach (var truncated in new[] { TruncatedSvd.OfDense(new double[12], 4, 3, 2), TruncatedSvd.OfProduct(new double[8], new double[10], 4, 2, 5, 1) })
        {
            Assert.Equal((1, 0.0, 0.0), (truncated.Rank, truncated.Largest, truncated.Error));
            Assert.All(truncated.Left.Concat(truncated.Right), value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void Dependent_rows_share_their_basis()
    {
        double[] rows = [1, 2, 3, 2, 4, 6, 0, 1, 0];
        var made = OrthonormalRows.Of(rows, 3, 3);
        Assert.Equal(2, made.Count);
        var again = NaiveMatrix.Multiply(made.Coefficients, made.Basis, 3, 2, 3);
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.InRange(again[i] - rows[i], -Tolerances.Eigen, Tolerances.Eigen);
        }
    }

    private static double[] Symmetric(int n, int seed)
    {
        var matrix = NaiveMatrix.Random(seed, n, n);
        for (var i = 0; i < matrix.Length; i++)
        {
            matrix[i] = matrix[(i % n * n) + (i / n)];
        }

        return matrix;
    }

    private static double[] Values(double[] matrix, int rows, int columns) => rows < columns
        ? [.. NaiveMatrix.SingularValues(DoubleMatrix.Transpose(matrix, rows, columns), columns, rows), 0]
        : [.. NaiveMatrix.SingularValues(matrix, rows, columns), 0];

    /// <summary>Of the factors as f32 holds them.</summary>
    private static double Missed(double[] matrix, TruncatedSvd truncated, int rows, int columns)
    {
        var made = NaiveMatrix.Multiply(
            Array.ConvertAll(truncated.Left, value => (double)(float)value), Array.ConvertAll(truncated.Right, value => (double)(float)value), rows, truncated.Rank, columns);
        return Values([.. matrix.Zip(made, (exact, approximate) => exact - approximate)], rows, columns)[0];
    }
}
