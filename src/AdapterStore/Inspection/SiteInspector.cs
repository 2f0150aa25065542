using System.Collections.Immutable;
using System.Globalization;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Spectra;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>Describes and measures the forms of one site. <b>Effects</b>: one caller at a time.</summary>
internal sealed class SiteInspector(BaseMeasures baseMeasures)
{
    private static readonly int[] s_lengths = [2048, 8192, 32768, 131072];

    /// <summary>Without norms, which take time.</summary>
    /// <param name="site">The site.</param>
    /// <param name="forms">What acts there.</param>
    /// <param name="added">At the head, what makes the logits of tokens that the base lacks; nothing of the base's compares with it.</param>
    public static InspectedSite Describe(Site site, ReadOnlySpan<FormWeights> forms, ReadOnlySpan<FormWeights> added)
    {
        var described = ImmutableArray.CreateBuilder<InspectedForm>();
        var bytes = 0L;
        foreach (var form in (ReadOnlySpan<FormWeights>)[.. forms, .. added])
        {
            described.Add(Describe(form));
            bytes += form.Bytes;
        }

        return new InspectedSite(site.Path, described.ToImmutable(), bytes, null, null);
    }

    /// <summary>Of all forms that are held in fewer bits than the file has; null where none is.</summary>
    public static double? LargestError(ImmutableArray<InspectedSite> sites) => sites.SelectMany(site => site.Forms).Max(form => form.HeldError);

    /// <summary>The description with norms. <b>Errors</b>: <see cref="OperationCanceledException"/>.</summary>
    /// <param name="site">The site.</param>
    /// <param name="described">What is held there.</param>
    /// <param name="forms">What acts there, exactly as the file has it.</param>
    /// <param name="cancellationToken">Time is over.</param>
    public InspectedSite Measure(Site site, InspectedSite described, ReadOnlySpan<FormWeights> forms, CancellationToken cancellationToken)
    {
        if (DeltaOf(site, forms) is not { } delta)
        {
            return described;
        }

        return described with { Delta = NormsOf(site, delta, cancellationToken), LogitBound = LogitBoundOf(site, delta) };
    }

    private static InspectedForm Describe(FormWeights form) => form switch
    {
        LowRankWeights lowRank => new(FormNames.Of(form.Form), form.Bytes, lowRank.Rank, Rounded(lowRank.Scale), NameOf(lowRank.Type), null, null)
        {
            HeldError = lowRank.HeldError is { } error ? Rounded(error) : null,
        },
        DenseWeights dense => new(FormNames.Of(form.Form), form.Bytes, null, null, NameOf(dense.Type), dense.Mode == DenseMode.Add ? "add" : "replace", null),
        SparseWeights sparse => new(FormNames.Of(form.Form), form.Bytes, null, null, NameOf(sparse.Type), null, sparse.Count),
        _ => new(FormNames.Of(form.Form), form.Bytes, null, null, null, null, null),
    };

    private static string NameOf(WeightType type) => type switch
    {
        WeightType.F32 => "float32",
        WeightType.BF16 => "bfloat16",
        WeightType.Bit => "1bit",
        _ => type.ToString().ToLowerInvariant(),
    };

    private IDelta? DeltaOf(Site site, ReadOnlySpan<FormWeights> forms)
    {
        if (forms.ToArray().OfType<DenseWeights>().FirstOrDefault(dense => dense.Mode == DenseMode.Replace) is { } replacing)
        {
            return baseMeasures.ReadValues(site) is { } weight ? Difference(replacing.Unpack(), weight, SiteDelta.Of(forms)) : null;
        }

        FormWeights[] additive = [.. forms.ToArray().Where(SiteDelta.IsAdditive)];
        return additive switch
        {
            [] => null,
            [DenseWeights { Scale: 1 } dense] => new WholeDelta(dense.Unpack(), site.OutFeatures, site.InFeatures),
            [SparseWeights { Scale: 1 } sparse] when sparse.Unpack() is var elements => new SparseDelta(elements.Rows, elements.Columns, elements.Values, site.OutFeatures, site.InFeatures),
            _ => OfSum(SiteDelta.Of(additive)!),
        };

        WholeDelta Difference(float[] own, float[] weight, SiteDelta? beside)
        {
            var added = beside?.ToMatrix();
            for (var i = 0; i < own.Length; i++)
            {
                own[i] = (float)((double)own[i] - weight[i] + (added?[i] ?? 0));
            }

            return new WholeDelta(own, site.OutFeatures, site.InFeatures);
        }
    }

    private static IDelta OfSum(SiteDelta sum) => sum.Factors is { } factors
        ? new ProductDelta(factors.Left, factors.Right, sum.Rows, sum.Rank, sum.Columns)
        : new WholeDelta(Array.ConvertAll(sum.Whole!, value => (float)value), sum.Rows, sum.Columns);

    private DeltaNorms NormsOf(Site site, IDelta delta, CancellationToken cancellationToken)
    {
        var squares = delta.SquaredSingularValues();
        var frobenius = Math.Sqrt(squares?.Sum() ?? delta.RowSquares(BaseMeasures.Ones(delta.Columns)).Sum());
        var spectral = squares is null ? PowerIteration.SpectralNorm(delta, cancellationToken) : Math.Sqrt(squares.FirstOrDefault());
        var norms = baseMeasures.Norms(site, cancellationToken);
        return new DeltaNorms(
            Rounded(frobenius),
            Rounded(spectral),
            Rounded(spectral > 0 ? frobenius / spectral * (frobenius / spectral) : 0),
            squares is null ? null : Rounded(EffectiveRank(squares)),
            norms is null ? null : Rounded(norms.Value.Frobenius),
            norms is null ? null : Rounded(norms.Value.Spectral),
            norms is null ? null : Ratio(frobenius, norms.Value.Frobenius),
            norms is null ? null : Ratio(spectral, norms.Value.Spectral));
    }

    private LogitBound? LogitBoundOf(Site site, IDelta delta)
    {
        if (baseMeasures.InputNorm(site) is not { } g || baseMeasures.LogitBoundOf(site, g) is not { } ofBase)
        {
            return null;
        }

        var bound = Math.Sqrt(site.InFeatures * delta.RowSquares(g).Max());
        return new LogitBound(
            Rounded(bound), Rounded(ofBase), [.. s_lengths.Select(length => new LengthRatio(length, Rounded(bound / Math.Sqrt(Math.Log(length)))))]);
    }

    private static double EffectiveRank(double[] squares)
    {
        var sum = squares.Sum();
        return sum > 0 ? Math.Exp(-squares.Where(square => square > 0).Sum(square => square / sum * Math.Log(square / sum))) : 0;
    }

    private static double? Ratio(double part, double whole) => whole > 0 ? Rounded(part / whole) : null;

    /// <summary>Six digits: more say nothing here and would differ between processors.</summary>
    private static double Rounded(double value) => double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
