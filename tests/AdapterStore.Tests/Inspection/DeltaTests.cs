using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Inspection;
using AdapterServe.AdapterStore.Tests.Support;

namespace AdapterServe.AdapterStore.Tests.Inspection;

/// <summary>One matrix in its three guises is measured alike.</summary>
public sealed class DeltaTests
{
    private const int Rows = 11;
    private const int Columns = 19;
    private const int Inner = 3;

    private static readonly double[] s_left = NaiveMatrix.Random(1, Rows, Inner);
    private static readonly double[] s_right = NaiveMatrix.Random(2, Inner, Columns);
    private static readonly double[] s_matrix = NaiveMatrix.Multiply(s_left, s_right, Rows, Inner, Columns);

    public static TheoryData<string> Guises => ["product", "whole", "sparse"];

    [Theory]
    [MemberData(nameof(Guises))]
    public void Products_with_the_matrix_and_its_transpose_are_those_of_their_definition(string guise)
    {
        var (x, y) = (NaiveMatrix.Random(3, Columns, 1), NaiveMatrix.Random(4, Rows, 1));
        var (product, turned) = (new double[Rows], new double[Columns]);
        Make(guise).Multiply(x, product);
        Make(guise).MultiplyTransposed(y, turned);
        AssertNear(NaiveMatrix.Multiply(s_matrix, x, Rows, Columns, 1), product);
        AssertNear(NaiveMatrix.Multiply(y, s_matrix, 1, Rows, Columns), turned);
    }

    [Theory]
    [MemberData(nameof(Guises))]
    public void Rows_are_weighted_before_they_are_squared(string guise)
    {
        var g = NaiveMatrix.Random(5, Columns, 1);
        AssertNear(
            [.. Enumerable.Range(0, Rows).Select(row => Enumerable.Range(0, Columns).Sum(h => Math.Pow(g[h] * s_matrix[(row * Columns) + h], 2)))], Make(guise).RowSquares(g));
    }

    [Theory]
    [MemberData(nameof(Guises))]
    public void Power_iteration_finds_the_largest_singular_value_from_below(string guise)
    {
        var largest = NaiveMatrix.SingularValues(DoubleMatrix.Transpose(s_matrix, Rows, Columns), Columns, Rows)[0];
        Assert.InRange(PowerIteration.SpectralNorm(Make(guise), CancellationToken.None), largest * (1 - Tolerances.PowerIteration), largest * (1 + Tolerances.DeltaNorm));
    }

    [Fact]
    public void Power_iteration_ends_at_nothing_and_when_it_is_cancelled()
    {
        Assert.Equal(0, PowerIteration.SpectralNorm(new WholeDelta(new float[12], 3, 4), CancellationToken.None));
        Assert.Throws<OperationCanceledException>(() => PowerIteration.SpectralNorm(Make("whole"), new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Elements_of_one_place_count_as_their_sum()
    {
        var delta = new SparseDelta([0, 0, 1], [2, 2, 0], [3, -3, 2], 2, 3);
        Assert.Equal([0, 4.0], delta.RowSquares([1, 1, 1]));
        Assert.InRange(PowerIteration.SpectralNorm(delta, CancellationToken.None), 2 - Tolerances.PowerIteration, 2);
    }

    private static IDelta Make(string guise) => guise switch
    {
        "product" => new ProductDelta(s_left, s_right, Rows, Inner, Columns),
        "whole" => new WholeDelta(Array.ConvertAll(s_matrix, value => (float)value), Rows, Columns),
        _ => new SparseDelta(
            [.. Enumerable.Range(0, s_matrix.Length).Select(i => i / Columns)], [.. Enumerable.Range(0, s_matrix.Length).Select(i => i % Columns)],
            Array.ConvertAll(s_matrix, value => (float)value), Rows, Columns),
    };

    private static void AssertNear(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.InRange(actual[i] - expected[i], -Tolerances.DeltaNorm, Tolerances.DeltaNorm);
        }
    }
}
