using AdapterServe.AdapterStore.Formats;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Spectra;

/// <summary>
/// What the additive forms of one site add together, y += Δ x, in f64 from the lowered weights: as two factors where every form is low-rank, as a matrix otherwise.
/// <b>Shapes</b>: Δ [Rows, Columns]; Left [Rows, Rank], Right [Rank, Columns].
/// </summary>
internal sealed record SiteDelta(int Rows, int Columns, double[]? Whole, Factors? Factors, int Rank)
{
    /// <summary>Whether a form is a plain product with the site's input, added to its output.</summary>
    public static bool IsAdditive(FormWeights form) => form is LowRankWeights { IsProduct: true } or SparseWeights or DenseWeights { Mode: DenseMode.Add };

    /// <summary>Null where no form is additive; others are left out.</summary>
    public static SiteDelta? Of(ReadOnlySpan<FormWeights> forms)
    {
        FormWeights[] additive = [.. forms.ToArray().Where(IsAdditive)];
        if (additive.Length == 0)
        {
            return null;
        }

        var (rows, columns) = (additive[0].OutFeatures, additive[0].InFeatures);
        return Array.TrueForAll(additive, form => form is LowRankWeights) ? OfFactors([.. additive.Cast<LowRankWeights>()], rows, columns) : OfWhole(additive, rows, columns);
    }

    /// <summary>The rank that <see cref="Of"/> would have; 0 where no form is additive.</summary>
    public static int RankOf(ReadOnlySpan<FormWeights> forms)
    {
        FormWeights[] additive = [.. forms.ToArray().Where(IsAdditive)];
        return Array.TrueForAll(additive, form => form is LowRankWeights)
            ? additive.Sum(form => ((LowRankWeights)form).Rank)
            : Math.Min(additive[0].OutFeatures, additive[0].InFeatures);
    }

    public double[] ToMatrix() => Whole ?? DoubleMatrix.Multiply(Factors!.Left, Factors.Right, Rows, Rank, Columns);

    public TruncatedSvd Truncate(int rank) =>
        Factors is { } factors ? TruncatedSvd.OfProduct(factors.Left, factors.Right, Rows, Rank, Columns, rank) : TruncatedSvd.OfDense(Whole!, Rows, Columns, rank);

    private static SiteDelta OfFactors(LowRankWeights[] forms, int rows, int columns)
    {
        var rank = forms.Sum(form => form.Rank);
        var (left, right) = (new double[checked(rows * rank)], new double[checked(rank * columns)]);
        var from = 0;
        foreach (var form in forms)
        {
            DoubleMatrix.Widen(form.UnpackA()).CopyTo(right.AsSpan(from * columns));
            var b = form.UnpackB();
            for (var i = 0; i < b.Length; i++)
            {
                left[(i / form.Rank * rank) + from + (i % form.Rank)] = (double)form.Scale * b[i];
            }

            from += form.Rank;
        }

        return new SiteDelta(rows, columns, null, new Factors(left, right), rank);
    }

    private static SiteDelta OfWhole(FormWeights[] forms, int rows, int columns)
    {
        var whole = new double[checked(rows * columns)];
        foreach (var form in forms)
        {
            switch (form)
            {
                case DenseWeights dense:
                    DoubleMatrix.AddScaled(whole, dense.Scale, DoubleMatrix.Widen(dense.Unpack()));
                    break;
                case SparseWeights sparse:
                    var elements = sparse.Unpack();
                    for (var i = 0; i < elements.Values.Length; i++)
                    {
                        whole[(elements.Rows[i] * columns) + elements.Columns[i]] += (double)sparse.Scale * elements.Values[i];
                    }

                    break;
                default:
                    DoubleMatrix.AddScaled(whole, 1, OfFactors([(LowRankWeights)form], rows, columns).ToMatrix());
                    break;
            }
        }

        return new SiteDelta(rows, columns, whole, null, Math.Min(rows, columns));
    }
}
