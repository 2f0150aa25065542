using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// <c>ensure_weight_tying</c> on a base with tied embeddings: what the adapter does to the embedding, it does to the head. Elsewhere the option means nothing.
/// The file may hold the head's tensors a second time; then they are used. A resized embedding that modules_to_save does not name is the base's own layer, resized before
/// the training, and the head is the same layer whatever the option says.
/// <b>Errors</b>: Unservable <c>weight_tying</c> for a resized layer that is not the same at both ends.
/// <b>Source</b>: PEFT, tuners/lora.
/// </summary>
internal static class LoraTying
{
    public static IEnumerable<SiteTensors> Of(
        IReadOnlyCollection<SiteTensors> sites, LoraManifest manifest, LoraModules modules, ITensorSource file, BaseModel baseModel, PatternBudget budget)
    {
        var head = baseModel.Sites.FirstOrDefault(site => site.Kind == SiteKind.Head);
        if (!baseModel.HasTiedEmbeddings || head is null)
        {
            yield break;
        }

        var own = modules.BySite.GetValueOrDefault(head.Index);
        foreach (var site in sites)
        {
            if (site is LowRankRowsTensors lowRank && manifest.TiesWeights && own?.IsAdapted != true)
            {
                yield return LoraEmbedding.AtHead(lowRank, head, manifest, budget);
            }

            if (site is ReplacedRowsTensors whole && whole.Ids.Length == head.OutFeatures && IsHeadToo(whole, head, own, manifest, file, baseModel))
            {
                yield return WholeWeight.Replace(head, whole.Rows);
            }
        }
    }

    private static bool IsHeadToo(ReplacedRowsTensors whole, Site head, LoraModule? own, LoraManifest manifest, ITensorSource file, BaseModel baseModel)
    {
        var isResized = baseModel.AddedTokens > 0 && !manifest.Saves(whole.Site.Path);
        if (own?.Whole is not { } weight)
        {
            return manifest.TiesWeights || isResized;
        }

        return !isResized || manifest.Saves(head.Path) || (weight.DType == whole.Rows.DType && file.Bytes(weight).SequenceEqual(file.Bytes(whole.Rows)))
            ? false
            : throw StoreErrors.Unservable("weight_tying", $"The base ties '{whole.Site.Path}' and '{head.Path}', and the file has them resized and different without modules_to_save.");
    }

    public static bool IsInEffect(LoraManifest manifest, BaseModel baseModel) => manifest.TiesWeights && baseModel.HasTiedEmbeddings;
}
