using System.Collections.Immutable;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Composition.Blocks;

/// <summary>
/// Compositions behind attention and feed-forward network, z their output and u the residual stream.
/// <b>Semantics</b>: a stack's bottlenecks act one after the other. Averaged or fused ones read the same rows, those that the first (Average) or the last (Fuse) of them says;
/// an average leaves z Σ factor_i, with the factors of <see cref="AverageFactors"/>.
/// </summary>
internal sealed class SublayerBlocks(Func<SingleBlock, AdapterWeights> find)
{
    public FormWeights[] At(AdapterBlock block, Site site)
    {
        FormWeights[] forms = block switch
        {
            SingleBlock single => find(single).At(site.Index).ToArray(),
            StackBlock stack => Stacked(stack, site),
            AverageBlock average => Averaged(average, site),
            FuseBlock fuse => Fused(fuse, site),
            SplitBlock split => Split(split, site),
            _ => throw new InvalidOperationException($"No lowering for {block.GetType().Name}."),
        };
        return forms.Any(form => form is MixtureWeights) ? Array.ConvertAll(forms, InOrder) : forms;
    }

    /// <summary>A site applies forms of one kind in their order, so beside a mixture a bottleneck becomes one of its own.</summary>
    private static FormWeights InOrder(FormWeights form) => form is BottleneckWeights bottleneck
        ? MixtureWeights.Of(bottleneck.OutFeatures, bottleneck.Input, [bottleneck], [1], 1)
        : form;

    private FormWeights[] Stacked(StackBlock stack, Site site)
    {
        var acting = stack.Children.Where(child => At(child, site).Length > 0).ToList();
        foreach (var leaf in acting.Count < 2 ? [] : acting.SelectMany(child => child.Leaves))
        {
            RequireSequential(leaf, site);
        }

        if (acting.SkipLast(1).SelectMany(child => child.Leaves).FirstOrDefault(leaf => find(leaf).AddsResidual) is { } ends)
        {
            throw BlockErrors.NotComposable($"'{ends.Name}' adds the residual stream itself, so nothing can follow it in a stack; put it last.");
        }

        return [.. acting.SelectMany(child => At(child, site))];
    }

    private MixtureWeights[] Averaged(AverageBlock average, Site site)
    {
        var acting = Enumerable.Range(0, average.Children.Length).Where(i => !find(average.Children[i]).At(site.Index).IsEmpty).ToList();
        if (acting.Count == 0)
        {
            return [];
        }

        var children = Children([.. acting.Select(i => average.Children[i])], site);
        var factors = acting.Select(i => AverageFactors.Of(average, acting, i, site.Path)).ToList();
        return [MixtureWeights.Of(site.OutFeatures, Bottleneck(average.Children[0], site).Input, children, [.. factors.Select(factor => (float)factor)], (float)factors.Sum())];
    }

    private MixtureWeights[] Fused(FuseBlock fuse, Site site)
    {
        var acting = fuse.Children.Where(child => !find(child).At(site.Index).IsEmpty).ToImmutableArray();
        var attention = find(fuse.Attention).At(site.Index);
        if (acting.Length == 0)
        {
            return [];
        }

        if (attention.IsEmpty || ((MixtureWeights)attention[0]).Expected != fuse.Children.Length)
        {
            throw BlockErrors.NotComposable($"'{fuse.Attention.Name}' was trained on other adapters: it has no attention over {fuse.Children.Length} of them at '{site.Path}'.");
        }

        var last = fuse.Children[^1];
        return [((MixtureWeights)attention[0]).Over(Bottleneck(last, site).Input, Children(acting, site))];
    }

    private FormWeights[] Split(SplitBlock split, Site site)
    {
        if (split.Children.All(child => find(child).At(site.Index).IsEmpty))
        {
            return [];
        }

        var children = Children(split.Children, site);
        var (own, input) = (children[split.Index], children[0].Input);
        return [own.Input == input ? own : MixtureWeights.Of(site.OutFeatures, input, [own], [1], 1)];
    }

    /// <summary>The bottlenecks of adapters that can all read the same rows.</summary>
    private ImmutableArray<BottleneckWeights> Children(ImmutableArray<SingleBlock> children, Site site)
    {
        foreach (var child in children)
        {
            RequireSequential(child, site);
            if (Bottleneck(child, site).AfterNormsOutput || find(child).AddsResidual)
            {
                throw BlockErrors.ReadsElse(child);
            }
        }

        return [.. children.Select(child => Bottleneck(child, site))];
    }

    private BottleneckWeights Bottleneck(SingleBlock child, Site site)
    {
        var forms = find(child).At(site.Index);
        return forms.Length == 1 && forms[0] is BottleneckWeights bottleneck ? bottleneck : throw BlockErrors.LacksSite(child, site.Path);
    }

    private void RequireSequential(SingleBlock leaf, Site site)
    {
        foreach (var form in find(leaf).At(site.Index))
        {
            if (form is not MixtureWeights && form is not BottleneckWeights { Input: BottleneckInput.Sum or BottleneckInput.Output })
            {
                throw BlockErrors.ReadsElse(leaf);
            }
        }
    }
}
