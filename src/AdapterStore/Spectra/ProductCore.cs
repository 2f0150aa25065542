using AdapterServe.AdapterStore.Formats;

namespace AdapterServe.AdapterStore.Spectra;

/// <summary>
/// A product of two thin factors as a small matrix between orthonormal ones: it has the product's singular values.
/// <b>Semantics</b>: b a = Outputs Matrix Inputs. <b>Shapes</b>: b [rows, inner], a [inner, columns]; Outputs [rows, Rows] with orthonormal columns,
/// Matrix [Rows, Columns], Inputs [Columns, columns] with orthonormal rows; Rows, Columns ≤ inner.
/// </summary>
internal sealed record ProductCore(double[] Outputs, double[] Matrix, double[] Inputs, int Rows, int Columns)
{
    public bool IsZero => Rows == 0 || Columns == 0;

    public static ProductCore Of(double[] b, double[] a, int rows, int inner, int columns)
    {
        var inputs = OrthonormalRows.Of(a, inner, columns);
        var outputs = OrthonormalRows.Of(DoubleMatrix.Transpose(b, rows, inner), inner, rows);
        var matrix = DoubleMatrix.Multiply(
            DoubleMatrix.Transpose(outputs.Coefficients, inner, outputs.Count), inputs.Coefficients, outputs.Count, inner, inputs.Count);
        return new ProductCore(DoubleMatrix.Transpose(outputs.Basis, outputs.Count, rows), matrix, inputs.Basis, outputs.Count, inputs.Count);
    }
}
