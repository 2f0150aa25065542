namespace AdapterServe.AdapterStore.Inspection;

/// <summary>
/// A matrix that is measured without being written out. <b>Shapes</b>: [Rows, Columns]; x [Columns], y [Rows].
/// </summary>
internal interface IDelta
{
    int Rows { get; }

    int Columns { get; }

    /// <summary>y = Δ x.</summary>
    void Multiply(ReadOnlySpan<double> x, Span<double> y);

    /// <summary>x = Δᵀ y.</summary>
    void MultiplyTransposed(ReadOnlySpan<double> y, Span<double> x);

    /// <summary>Σ_h g[h]² Δ[j, h]² for each row j.</summary>
    double[] RowSquares(ReadOnlySpan<double> g);

    /// <summary>The squares of all singular values that are not zero, largest first, where they come cheaply; otherwise null.</summary>
    double[]? SquaredSingularValues() => null;
}
