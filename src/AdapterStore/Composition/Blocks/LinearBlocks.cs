using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition.Blocks;

/// <summary>
/// Compositions at a linear. In a stack one adapter may act there: the library feeds a second LoRA with the first one's delta and drops that. An average of LoRAs is
/// y += (1 / n) Σ w_i Δ_i, and of one alone the mean of all weights times its Δ.
/// </summary>
internal static class LinearBlocks
{
    public static FormWeights[] At(AdapterBlock block, Site site, Func<SingleBlock, AdapterWeights> find) => block switch
    {
        SingleBlock single => find(single).At(site.Index).ToArray(),
        StackBlock stack => Stacked(stack, site, find),
        AverageBlock average => Averaged(average, site, find),
        _ => Without(block, site, find),
    };

    private static FormWeights[] Stacked(StackBlock stack, Site site, Func<SingleBlock, AdapterWeights> find)
    {
        var acting = stack.Children.Select(child => At(child, site, find)).Where(forms => forms.Length > 0).ToList();
        return acting.Count switch
        {
            0 => [],
            1 => acting[0],
            _ => throw BlockErrors.NotComposable(
                $"Several adapters of the stack act on '{site.Path}', of which the library would apply the last to the output of the one before and drop that; use combine=\"sum\" for their sum."),
        };
    }

    private static FormWeights[] Averaged(AverageBlock average, Site site, Func<SingleBlock, AdapterWeights> find)
    {
        var acting = Enumerable.Range(0, average.Children.Length).Where(i => !find(average.Children[i]).At(site.Index).IsEmpty).ToList();
        return [.. acting.SelectMany(i => find(average.Children[i]).At(site.Index).ToArray().Select(form =>
            (form as LowRankWeights)?.Scaled((float)AverageFactors.Of(average, acting, i, site.Path))
                ?? throw BlockErrors.NotComposable($"'{average.Children[i].Name}' does more to '{site.Path}' than adding a LoRA, which has no average.")))];
    }

    private static FormWeights[] Without(AdapterBlock block, Site site, Func<SingleBlock, AdapterWeights> find) =>
        block.Leaves.FirstOrDefault(leaf => !find(leaf).At(site.Index).IsEmpty) is { } leaf
            ? throw BlockErrors.NotComposable($"'{leaf.Name}' acts on '{site.Path}'; only bottlenecks are fused or split.")
            : [];
}
