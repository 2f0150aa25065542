using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Spectra;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>
/// The merge of whole deltas at one site, cut to a rank. Without pruning the sum is cut as a product of factors, which needs no matrix.
/// <b>Errors</b>: TooLarge <c>merge_too_large</c> where the deltas would take more memory than <see cref="MaxBytes"/>.
/// </summary>
internal static class MergedDelta
{
    /// <summary>Of the adapters' deltas at one site, in f64.</summary>
    private const long MaxBytes = 2L << 30;

    public static (int Rank, Factors Factors) Of(Site site, MergeTerm[] terms, MergeOptions options, int rank)
    {
        var most = Math.Min(rank, Math.Min(site.OutFeatures, site.InFeatures));
        var cut = options.Method is { Pruning: MergePruning.None, ElectsSigns: false }
            ? Sum(terms).Truncate(most)
            : TruncatedSvd.OfDense(Pruned(site, terms, options), site.OutFeatures, site.InFeatures, most);
        return (cut.Rank, new Factors(cut.Left, cut.Right));
    }

    private static SiteDelta Sum(MergeTerm[] terms) =>
        SiteDelta.Of([.. terms.Where(term => term.Weight != 0).DefaultIfEmpty(terms[0]).SelectMany(term => term.Forms.Select(form => form.Scaled((float)term.Weight)!))])!;

    private static double[] Pruned(Site site, MergeTerm[] terms, MergeOptions options)
    {
        var bytes = (long)site.OutFeatures * site.InFeatures * sizeof(double) * (terms.Length + 2);
        if (bytes > MaxBytes)
        {
            throw StoreErrors.TooLarge("merge_too_large", $"'{options.Method.Name}' needs {bytes} bytes at '{site.Path}', more than {MaxBytes}; merge fewer adapters or combine their factors.");
        }

        var merge = new TensorMerge(options, [.. terms.Select(term => new MergeChance(options.Seed, term.Part, site.Path, "delta"))]);
        return merge.Combine([.. terms.Select(term => SiteDelta.Of(term.Forms)!.ToMatrix())], [.. terms.Select(term => term.Weight)]);
    }
}
