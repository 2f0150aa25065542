using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Formats;

public sealed class DoubleMatrixTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(1, 257, 3)]
    [InlineData(5, 0, 4)]
    [InlineData(4, 8, 8)]
    [InlineData(7, 513, 17)]
    [InlineData(131, 1030, 67)]
    [InlineData(260, 40, 300)]
    public void A_product_is_the_naive_one(int rows, int inner, int columns)
    {
        var (a, b) = (NaiveMatrix.Random(1, rows, inner), NaiveMatrix.Random(2, inner, columns));
        var expected = NaiveMatrix.Multiply(a, b, rows, inner, columns);
        var actual = DoubleMatrix.Multiply(a, b, rows, inner, columns);
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.InRange(actual[i] - expected[i], -Tolerances.UnitProduct * inner, Tolerances.UnitProduct * inner);
        }
    }

    [Fact]
    public void A_large_product_has_the_same_bits_at_every_run_and_as_its_rows_alone()
    {
        const int rows = 150, inner = 170, columns = 190;
        var (a, b) = (NaiveMatrix.Random(3, rows, inner), NaiveMatrix.Random(4, inner, columns));
        var whole = DoubleMatrix.Multiply(a, b, rows, inner, columns);
        Assert.Equal(whole, DoubleMatrix.Multiply(a, b, rows, inner, columns));
        Assert.Equal(whole[(149 * columns)..], DoubleMatrix.Multiply(a.AsSpan(149 * inner), b, 1, inner, columns));
    }

    [Theory]
    [InlineData(1, 9)]
    [InlineData(33, 65)]
    public void A_transposed_matrix_has_rows_for_columns(int rows, int columns)
    {
        var a = NaiveMatrix.Random(5, rows, columns);
        var turned = DoubleMatrix.Transpose(a, rows, columns);
        Assert.Equal(a[(0 * columns) + columns - 1], turned[((columns - 1) * rows) + 0]);
        Assert.Equal(a, DoubleMatrix.Transpose(turned, columns, rows));
    }

    [Fact]
    public void A_product_too_large_for_one_array_is_an_error_and_takes_no_memory() =>
        Assert.Throws<OverflowException>(() => DoubleMatrix.Multiply([], [], 1 << 17, 0, 1 << 17));
}
