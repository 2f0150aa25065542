using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// What an activated LoRA says about where it begins. <b>Source</b>: arXiv:2504.12397, PEFT's tuners/lora/variants.
/// <b>Errors</b>: Unservable <c>alora</c>.
/// </summary>
internal static class InvocationTokens
{
    private const int MaxTokens = 4096;

    public static ImmutableArray<int> Checked(IEnumerable<long> ids, BaseModel baseModel)
    {
        var vocabulary = baseModel.Sites.First(site => site.Kind == SiteKind.Embedding).InFeatures;
        var tokens = ids.Take(MaxTokens + 1).ToArray();
        return tokens.Length is > 0 and <= MaxTokens && Array.TrueForAll(tokens, id => id >= 0 && id < vocabulary)
            ? [.. tokens.Select(id => (int)id)]
            : throw StoreErrors.Unservable("alora", $"The invocation tokens must be 1 to {MaxTokens} ids of the base's {vocabulary} tokens.");
    }

    /// <summary>Only what is added to a linear's output can be left out before the activation; what is replaced holds for every token.</summary>
    public static void RequireMaskable(ImmutableArray<SiteTensors> sites)
    {
        foreach (var site in sites)
        {
            if (site is not (LowRankTensors or VectorTensors { Form: FormKind.OutputBias }) || site.Site.Kind == SiteKind.Embedding)
            {
                throw StoreErrors.Unservable(
                    "alora",
                    $"Beside the activated LoRA the file changes '{site.Site.Path}' in another way; train without DoRA, modules_to_save and embeddings.");
            }
        }
    }
}
