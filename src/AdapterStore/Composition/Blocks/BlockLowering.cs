using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition.Blocks;

/// <summary>
/// A composition and the weights of its adapters → the forms at each site, over the adapters' own memory.
/// <b>Semantics</b>: behind attention and feed-forward network see <see cref="SublayerBlocks"/>. At a linear one adapter acts, or LoRAs are averaged. At the embedding, the norms
/// and the head bottlenecks (the invertible adapter) are those of the first adapter alone, and other forms those of the one adapter that has any.
/// <b>Errors</b>: Unservable <c>not_composable</c>.
/// <b>Source</b>: the adapters library, composition and methods/adapter_layer_base.
/// </summary>
internal static class BlockLowering
{
    public static FormWeights[]?[] Lower(AdapterBlock root, Func<SingleBlock, AdapterWeights> find, BaseModel baseModel)
    {
        var attentions = Attentions(root).ToList();
        foreach (var leaf in root.Leaves)
        {
            Require(leaf, find(leaf), attentions.Exists(attention => ReferenceEquals(attention, leaf)));
        }

        var sublayers = new SublayerBlocks(find);
        return [.. baseModel.Sites.Select(site => Lower(root, site, find, sublayers) is { Length: > 0 } forms ? forms : null)];
    }

    private static FormWeights[] Lower(AdapterBlock root, Site site, Func<SingleBlock, AdapterWeights> find, SublayerBlocks sublayers) => site.Kind switch
    {
        SiteKind.Sublayer => sublayers.At(root, site),
        SiteKind.Linear => LinearBlocks.At(root, site, find),
        _ => AtEnds(root, site, find),
    };

    private static FormWeights[] AtEnds(AdapterBlock root, Site site, Func<SingleBlock, AdapterWeights> find)
    {
        var others = root.Leaves.Where(leaf => find(leaf).At(site.Index).ToArray().Any(form => form is not BottleneckWeights)).ToList();
        if (others.Count > 1 || (others.Count == 1 && root is SplitBlock))
        {
            throw BlockErrors.NotComposable($"'{others[^1].Name}' changes '{site.Path}', which such a composition leaves to one adapter, the same for all tokens.");
        }

        return
        [
            .. others.SelectMany(leaf => find(leaf).At(site.Index).ToArray().Where(form => form is not BottleneckWeights)),
            .. find(root.Leaves.First()).At(site.Index).ToArray().OfType<BottleneckWeights>(),
        ];
    }

    private static IEnumerable<SingleBlock> Attentions(AdapterBlock block) => block switch
    {
        FuseBlock fuse => [fuse.Attention],
        StackBlock stack => stack.Children.SelectMany(Attentions),
        _ => [],
    };

    private static void Require(SingleBlock leaf, AdapterWeights weights, bool isAttention)
    {
        if (weights.NeedsOthers != isAttention)
        {
            throw BlockErrors.NotComposable(isAttention
                ? $"'{leaf.Name}' is no AdapterFusion; name the folder that save_adapter_fusion wrote."
                : $"'{leaf.Name}' is the attention of an AdapterFusion, which mixes other adapters and is none itself.");
        }

        if (weights is not { VirtualTokens: null, Vocabulary: null, InvocationTokens.IsEmpty: true, SequenceStateBytes: 0 })
        {
            throw BlockErrors.NotComposable(
                $"'{leaf.Name}' puts tokens of its own before the sequence, adds some to the vocabulary, acts from a place in the sequence or keeps a state of it; name it alone.");
        }
    }
}
