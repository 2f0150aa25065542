using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// <c>ensure_weight_tying</c> on a base with tied embeddings: what the adapter does to the embedding, it does to the head. Elsewhere the option means nothing.
/// The file may hold the head's tensors a second time; then they are used.
/// <b>Source</b>: PEFT, tuners/lora.
/// </summary>
internal static class LoraTying
{
    public static IEnumerable<SiteTensors> Of(IReadOnlyCollection<SiteTensors> sites, LoraManifest manifest, LoraModules modules, BaseModel baseModel, PatternBudget budget)
    {
        var head = baseModel.Sites.FirstOrDefault(site => site.Kind == SiteKind.Head);
        if (!IsInEffect(manifest, baseModel) || head is null)
        {
            yield break;
        }

        var own = modules.BySite.GetValueOrDefault(head.Index);
        foreach (var site in sites)
        {
            if (site is LowRankRowsTensors lowRank && own?.IsAdapted != true)
            {
                yield return LoraEmbedding.AtHead(lowRank, head, manifest, budget);
            }

            if (site is ReplacedRowsTensors whole && whole.Ids.Length == head.OutFeatures && own?.Parts.ContainsKey(LoraPart.Weight) != true)
            {
                yield return WholeWeight.Replace(head, whole.Rows);
            }
        }
    }

    public static bool IsInEffect(LoraManifest manifest, BaseModel baseModel) => manifest.TiesWeights && baseModel.HasTiedEmbeddings;
}
