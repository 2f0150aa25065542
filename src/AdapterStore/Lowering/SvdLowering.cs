using System.Globalization;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Spectra;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// The approximation that a <see cref="LowerOption"/> asks for, site by site.
/// <b>Semantics</b>: what the additive forms of a linear site add together becomes one low-rank form, the sum of its N largest singular triplets, where its rank is higher than N;
/// other forms, other sites and whole matrices that replace the base's stay as they are.
/// </summary>
internal sealed class SvdLowering(LowerOption option, ComputedValues computed)
{
    /// <summary>
    /// The largest |Δ - Δ_N| / |Δ| of all sites in the spectral norm, an upper bound that counts the rounding to f32; null while every site is exact.
    /// </summary>
    public double? Error { get; private set; }

    public static bool Reaches(Site site, FormKind form) => site.Kind == SiteKind.Linear && form is FormKind.Dense or FormKind.LowRank or FormKind.Sparse;

    /// <summary>At least so much memory does a form of this many bytes take.</summary>
    public long LeastBytes(Site site, FormKind form, long bytes) =>
        Reaches(site, form) ? Math.Min(bytes, sizeof(float) * (long)option.Rank * ((long)site.InFeatures + site.OutFeatures)) : bytes;

    /// <summary>Whether a site's additive forms become one.</summary>
    public bool Replaces(Site site, ReadOnlySpan<FormWeights> forms) =>
        site.Kind == SiteKind.Linear && Math.Min(site.InFeatures, site.OutFeatures) > option.Rank && SiteDelta.RankOf(forms) > option.Rank;

    /// <summary>The form in place of a site's additive ones.</summary>
    public LowRankWeights Pack(Site site, ReadOnlySpan<FormWeights> forms, WeightArena arena)
    {
        var (inFeatures, outFeatures, delta) = (site.InFeatures, site.OutFeatures, SiteDelta.Of(forms)!);

        // The factors, then the rank that the matrix has and the relative error.
        var size = checked((option.Rank * (inFeatures + outFeatures)) + 2);
        var kept = computed.Get($"svd.1/{site.Path}", size, () => Compute(site, delta, size));
        if (kept[^2] < 1 || kept[^2] > option.Rank || kept[^1] is < 0 or > 1)
        {
            kept = Compute(site, delta, size);
        }

        var (rank, error) = ((int)kept[^2], kept[^1]);
        Error = Math.Max(Error ?? 0, error);
        var right = kept.AsSpan(0, rank * inFeatures);
        var left = kept.AsSpan(rank * inFeatures, outFeatures * rank);
        return LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, right, left, 1, WeightType.F32);
    }

    /// <summary>As clients see it: three digits, rounded up.</summary>
    public static string Describe(double? error)
    {
        if (error is not { } bound)
        {
            return "exact";
        }

        var shown = bound.ToString("G3", CultureInfo.InvariantCulture);
        if (double.Parse(shown, CultureInfo.InvariantCulture) < bound)
        {
            shown = (bound * 1.005).ToString("G3", CultureInfo.InvariantCulture);
        }

        return "approximate:" + shown.ToLowerInvariant();
    }

    private static float[] Compute(Site site, SiteDelta delta, int size)
    {
        var rank = (size - 2) / (site.InFeatures + site.OutFeatures);
        var svd = delta.Truncate(rank);
        var values = new float[size];
        MadeTensors.Narrow(svd.Right, site).CopyTo(values, 0);
        MadeTensors.Narrow(svd.Left, site).CopyTo(values, svd.Right.Length);
        values[^2] = svd.Rank;
        values[^1] = svd.Largest == 0 ? 0 : MathF.Min(MathF.BitIncrement((float)(svd.Error / svd.Largest)), 1);
        return values;
    }
}
