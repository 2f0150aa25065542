using System.Globalization;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Engine.Fusing;

/// <summary>What the weight and the bias of a linear can hold: whatever an adapter does that is the same affine function of each token.</summary>
internal static class FusableForms
{
    /// <summary><b>Errors</b>: <see cref="NotFusableException"/> with the first thing that can't be fused.</summary>
    public static void Require(AdapterWeights adapter, FusableBase fusable)
    {
        if (WholeReason(adapter) is { } reason)
        {
            throw Refused(reason);
        }

        for (var site = 0; site < adapter.Sites; site++)
        {
            foreach (var form in adapter.At(site))
            {
                Require(form, fusable.SiteAt(site));
            }
        }
    }

    public static bool IsOnInput(FormWeights form) => form.Form is FormKind.InputScale or FormKind.InputRotation;

    private static string? WholeReason(AdapterWeights adapter) => adapter switch
    {
        { VirtualTokens: { } tokens } => string.Create(CultureInfo.InvariantCulture, $"it puts {tokens.Count} virtual tokens before each prompt"),
        { Vocabulary: { } vocabulary } => string.Create(CultureInfo.InvariantCulture, $"it adds {vocabulary.Tokens} tokens to the vocabulary"),
        { InvocationTokens.IsEmpty: false } => "it acts only from its invocation tokens on, and the base before them",
        { NeedsOthers: true } => "it means something only together with others",
        _ => null,
    };

    private static void Require(FormWeights form, Site site)
    {
        if (site.Kind is not (SiteKind.Linear or SiteKind.Head))
        {
            throw Refused($"it changes '{site.Path}', which is {KindOf(site)}, by {NameOf(form)}; only linears can be written");
        }

        var isAffine = form switch
        {
            LowRankWeights lowRank => lowRank.Gate.IsOpen,
            DenseWeights or SparseWeights or VectorWeights or OutputRotationWeights => true,
            InputRotationWeights => true,
            _ => false,
        };
        if (!isAffine || (IsOnInput(form) && site.Whole is not null))
        {
            throw Refused($"what it does at '{site.Path}', {NameOf(form)}, is no change of a weight");
        }
    }

    private static string KindOf(Site site) => site.Kind switch
    {
        SiteKind.Norm => "a norm",
        SiteKind.Embedding => "the embedding",
        _ => "the output of a layer's attention or feed-forward network",
    };

    private static string NameOf(FormWeights form) => form switch
    {
        LowRankWeights => "low rank behind a gate",
        BottleneckWeights => "a bottleneck",
        MixtureWeights => "a mixture of bottlenecks",
        AttentionPromptWeights => "attention to keys and values of its own",
        EmbeddingRowsWeights => "rows of its own",
        RmsNormWeights => "a weight of its own",
        VectorWeights => "a number for each channel",
        _ => $"the form {form.Form}",
    };

    private static NotFusableException Refused(string reason) =>
        new($"The adapter can't be fused into the base: {reason}. Requests that name it are served without fusing.");
}
