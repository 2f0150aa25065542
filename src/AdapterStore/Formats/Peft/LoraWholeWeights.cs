using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// Whole weights beside a LoRA: the modules of <c>modules_to_save</c>, and the copies of embedding and head that PEFT writes where they are targeted.
/// What equals the base's is dropped; the rest takes the base's place. On a base with tied embeddings PEFT trains a copy of its own, and the other one stays the base's
/// unless <c>ensure_weight_tying</c> says otherwise.
/// <b>Errors</b>: Unservable, one code for each way in which the configuration and the file disagree.
/// </summary>
internal static class LoraWholeWeights
{
    public static IEnumerable<SiteTensors> Of(LoraModule module, LoraManifest manifest, ITensorSource file, BaseModel baseModel)
    {
        if (module.Whole is not { } weight)
        {
            return [];
        }

        var bias = module.Parts.GetValueOrDefault(LoraPart.Bias);
        if (WholeWeight.EqualsBase(file, weight, module.Site, baseModel))
        {
            return bias is null ? [] : [new ReplacedBiasTensors(module.Site, bias)];
        }

        if (module.Parts.ContainsKey(LoraPart.TokenRows) && !WholeWeight.IsWidened(module.Site, baseModel))
        {
            throw StoreErrors.Unservable("trainable_tokens", $"The file has rows of single tokens of '{module.Site.Path}' beside a matrix that is not the base's, which is not served.");
        }

        // With more tokens than the base the layer is known to be another one, and LoraTying gives it to both ends.
        if (!manifest.Saves(module.Site.Path) && baseModel is { HasTiedEmbeddings: true, AddedTokens: 0 })
        {
            throw StoreErrors.Unservable(
                "weight_tying",
                $"The file changes '{module.Site.Path}', which this base ties to another layer, without modules_to_save; "
                + "name both layers there or save with save_embedding_layers=False.");
        }

        // The base's bias went with its product.
        return bias is not null
            ? [WholeWeight.Replace(module.Site, weight), LoraBiases.Added(module.Site, bias)]
            : [WholeWeight.Replace(module.Site, weight), .. LoraBiases.Has(module.Site, baseModel) ? [new KeptBiasTensors(module.Site)] : Array.Empty<SiteTensors>()];
    }

    /// <summary>What modules_to_save names is in the file with nothing beside it; other whole weights are those of the embedding and the head.</summary>
    public static void Require(LoraManifest manifest, LoraModules modules, BaseModel baseModel)
    {
        foreach (var name in manifest.ModulesToSave)
        {
            var sites = baseModel.Sites.Where(site => site.Kind != SiteKind.Sublayer && LoraManifest.IsSavedBy(site.Path, name)).ToList();
            if (sites.Count == 0)
            {
                throw StoreErrors.Unservable("modules_to_save", $"modules_to_save names '{AdapterNames.Shorten(name)}', which the base model {baseModel.Id} does not have.");
            }

            var missing = sites.Find(site => modules.BySite.GetValueOrDefault(site.Index)?.Parts.ContainsKey(LoraPart.Weight) != true && !IsTied(site, manifest, baseModel));
            if (missing is not null)
            {
                throw StoreErrors.Unservable("missing_modules", $"modules_to_save names '{missing.Path}', but the file has no weights of it.");
            }
        }

        foreach (var module in modules.BySite.Values)
        {
            RequirePlace(module, manifest);
        }
    }

    private static void RequirePlace(LoraModule module, LoraManifest manifest)
    {
        var path = module.Site.Path;
        var isEnd = module.Site.Kind is SiteKind.Embedding or SiteKind.Head;
        var isUnderAnother = module.IsAdapted || module.Parts.ContainsKey(LoraPart.TokenRows);
        if (module.Parts.Keys.Any(part => part is LoraPart.Original or LoraPart.OriginalRows)
            || (module.Parts.ContainsKey(LoraPart.BaseCopy) && (!isUnderAnother || !isEnd || module.Parts.ContainsKey(LoraPart.Weight))))
        {
            throw StoreErrors.Unservable("surplus_modules", $"The file has a copy of the base's weights of '{path}' that nothing needs.");
        }

        if (module.Parts.ContainsKey(LoraPart.Weight) && (module.IsAdapted || (!isEnd && !manifest.Saves(path))))
        {
            throw StoreErrors.Unservable("surplus_modules", $"The file has whole weights of '{path}', which modules_to_save does not name, or a LoRA beside them.");
        }
    }

    private static bool IsTied(Site site, LoraManifest manifest, BaseModel baseModel) => site.Kind == SiteKind.Head && manifest.TiesWeights && baseModel.HasTiedEmbeddings;
}
