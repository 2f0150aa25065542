using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>A merge as weights of its own.</summary>
internal static class MergedWeights
{
    public static AdapterWeights Pack(string digest, IReadOnlyList<MergedSite> merged, int sites)
    {
        var arena = new WeightArena();
        try
        {
            var bySite = new FormWeights[]?[sites];
            foreach (var (site, rank, a, b) in merged)
            {
                bySite[site.Index] = [LowRankWeights.Pack(arena, rank, site.InFeatures, site.OutFeatures, a, b, 1, WeightType.F32)];
            }

            return new AdapterWeights(digest, bySite, arena);
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }
}
