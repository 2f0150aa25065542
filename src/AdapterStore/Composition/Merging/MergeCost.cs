using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>
/// Roughly how much arithmetic a merge takes, for requests that would wait for it.
/// <b>Units</b>: multiplications. <b>Errors</b>: Unservable <c>merge_too_costly</c>.
/// </summary>
internal static class MergeCost
{
    /// <summary>A few seconds of one core.</summary>
    private const double MostForARequest = 2e10;

    public static void RequireServable(AdapterMerge merge, BaseModel baseModel, MergeOptions options)
    {
        var cost = baseModel.Sites.Sum(site => Of(site, merge.Terms(site), options));
        if (cost > MostForARequest)
        {
            throw StoreErrors.Unservable(
                "merge_too_costly", $"'{options.Method.Name}' of these adapters takes too long for a request; make it once with POST /v1/adapters:compose and use the adapter's name.");
        }
    }

    private static double Of(Site site, MergeTerm[] terms, MergeOptions options)
    {
        if (terms.Length == 0)
        {
            return 0;
        }

        var (narrow, wide) = ((double)Math.Min(site.InFeatures, site.OutFeatures), (double)Math.Max(site.InFeatures, site.OutFeatures));
        var inner = terms.Sum(term => term.Forms.Sum(form => form is LowRankWeights lowRank ? lowRank.Rank : narrow));
        if (options.Method.Space != MergeSpace.Deltas)
        {
            return inner * (narrow + wide) * 20;
        }

        // The products and their pruning, then a Gram matrix and its eigenvectors, of the factors where they stay factors.
        var isWhole = options.Method.Pruning != MergePruning.None || inner >= narrow;
        return isWhole
            ? (inner * narrow * wide) + (terms.Length * narrow * wide * 40) + (narrow * narrow * wide) + (6 * narrow * narrow * narrow)
            : (4 * inner * inner * (narrow + wide)) + (6 * inner * inner * inner);
    }
}
