using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// Biases of the base that were trained with a LoRA: <c>bias</c> is "lora_only" for those of the targeted modules, or "all". They take the base's place; a base that
/// has none has nothing to train.
/// <b>Errors</b>: Unservable <c>bias</c> where the configuration, the file and the base disagree, <c>base_weights</c>, <c>shape_mismatch</c>.
/// </summary>
internal static class LoraBiases
{
    /// <summary>Of a module that keeps the base's weight; <see cref="LoraWholeWeights"/> has those of the others.</summary>
    public static IEnumerable<SiteTensors> Of(LoraModule module) =>
        module.Parts.TryGetValue(LoraPart.Bias, out var bias) && !module.Parts.ContainsKey(LoraPart.Weight) && !module.Parts.ContainsKey(LoraPart.BaseCopy)
            ? [new ReplacedBiasTensors(module.Site, bias)]
            : [];

    public static SiteTensors Added(Site site, SafetensorsTensor bias) => new VectorTensors(site, FormKind.OutputBias, bias);

    public static bool Has(Site site, BaseModel baseModel) =>
        site.Kind is SiteKind.Linear or SiteKind.Head && baseModel.Weights is { } weights && weights.TryReadBias(site, new float[site.OutFeatures]);

    public static void Require(LoraManifest manifest, LoraModules modules, BaseModel baseModel, PatternBudget budget)
    {
        if (manifest.Bias != "none" && baseModel.Weights is null)
        {
            throw StoreErrors.Unservable("base_weights", $"bias=\"{AdapterNames.Shorten(manifest.Bias)}\" is defined relative to the base's biases, which are not at hand.");
        }

        foreach (var site in baseModel.Sites.Where(site => site.Kind is SiteKind.Linear or SiteKind.Head))
        {
            var module = modules.BySite.GetValueOrDefault(site.Index);
            var wanted = Has(site, baseModel) && (manifest.Saves(site.Path) || manifest.Bias switch
            {
                "none" => false,
                "all" => true,
                "lora_only" => module?.IsAdapted ?? (manifest.Modules.IsGiven && manifest.Modules.Selects(site, budget)),
                _ => throw StoreErrors.Unservable("bias", $"The server does not know which biases bias=\"{AdapterNames.Shorten(manifest.Bias)}\" trains."),
            });
            Require(site, module?.Parts.GetValueOrDefault(LoraPart.Bias), wanted);
        }
    }

    private static void Require(Site site, SafetensorsTensor? bias, bool isWanted)
    {
        if (isWanted != bias is not null)
        {
            throw isWanted
                ? StoreErrors.Unservable(
                    "bias", $"The base's bias of '{site.Path}' was trained, but the file does not have it; save the adapter with a PEFT that writes trained biases.")
                : StoreErrors.Unservable(
                    "bias", $"The file has a bias of '{site.Path}' that the base lacks or that the configuration's bias and modules_to_save leave out.");
        }

        if (bias is not null && !bias.HasShape(site.OutFeatures))
        {
            throw StoreErrors.Unservable(
                "shape_mismatch", $"The tensor '{AdapterNames.Shorten(bias.Name)}' has shape [{string.Join(", ", bias.Shape)}]; on this base it must be [{site.OutFeatures}].");
        }
    }
}
