using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Inspection;

/// <summary>Norms of the base's weights, each measured once. <b>Effects</b>: one caller at a time.</summary>
internal sealed class BaseMeasures(BaseModel baseModel)
{
    private readonly Dictionary<int, (double Frobenius, double Spectral)> _norms = [];
    private readonly Dictionary<int, double> _logitBounds = [];

    /// <summary>Null where the base's weights are not at hand.</summary>
    public (double Frobenius, double Spectral)? Norms(Site site, CancellationToken cancellationToken)
    {
        if (_norms.TryGetValue(site.Index, out var norms))
        {
            return norms;
        }

        if (Read(site) is not { } weight)
        {
            return null;
        }

        norms = (Math.Sqrt(weight.RowSquares(Ones(site.InFeatures)).Sum()), PowerIteration.SpectralNorm(weight, cancellationToken));
        _norms.Add(site.Index, norms);
        return norms;
    }

    /// <summary>√d max_j |g ∘ row_j(W)|; see <see cref="LogitBound"/>.</summary>
    public double? LogitBoundOf(Site site, double[] g)
    {
        if (_logitBounds.TryGetValue(site.Index, out var bound))
        {
            return bound;
        }

        if (Read(site) is not { } weight)
        {
            return null;
        }

        bound = Math.Sqrt(site.InFeatures * weight.RowSquares(g).Max());
        _logitBounds.Add(site.Index, bound);
        return bound;
    }

    /// <summary>W of a linear or head.</summary>
    public WholeDelta? Read(Site site) => ReadValues(site) is { } values ? new WholeDelta(values, site.OutFeatures, site.InFeatures) : null;

    public float[]? ReadValues(Site site)
    {
        if (baseModel.Weights is not { } weights || site.Kind is not (SiteKind.Linear or SiteKind.Head))
        {
            return null;
        }

        var values = new float[checked(site.OutFeatures * site.InFeatures)];
        weights.Read(site, values);
        return values;
    }

    /// <summary>The weight of the norm in front of a query or key projection; null where there is none that is known.</summary>
    public double[]? InputNorm(Site site)
    {
        var end = site.Path.EndsWith(".self_attn.q_proj", StringComparison.Ordinal) || site.Path.EndsWith(".self_attn.k_proj", StringComparison.Ordinal)
            ? site.Path.Length - ".self_attn.q_proj".Length
            : -1;
        if (end < 0 || baseModel.Weights is not { } weights || baseModel.FindSite(site.Path[..end] + ".input_layernorm") is not { Kind: SiteKind.Norm } norm
            || norm.InFeatures != site.InFeatures)
        {
            return null;
        }

        var values = new float[norm.InFeatures];
        weights.Read(norm, values);
        return DoubleMatrix.Widen(values);
    }

    public static double[] Ones(int length)
    {
        var ones = new double[length];
        Array.Fill(ones, 1);
        return ones;
    }
}
