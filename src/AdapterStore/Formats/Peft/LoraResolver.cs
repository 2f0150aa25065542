using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// Brings what the configuration says and what the file holds together, module by module, on the base's shapes.
/// <b>Errors</b>: Unservable, one code for each way in which they disagree.
/// </summary>
internal static class LoraResolver
{
    private const string OutputLayer = "lm_head";

    public static ImmutableArray<SiteTensors> Resolve(LoraManifest manifest, LoraModules modules, BaseModel baseModel, PatternBudget budget)
    {
        RequireSavedModules(manifest, modules, baseModel);
        RequireSelectedModules(manifest, modules, baseModel, budget);
        var sites = ImmutableArray.CreateBuilder<SiteTensors>();
        foreach (var module in modules.BySite.Values)
        {
            var whole = module.Parts.GetValueOrDefault(LoraPart.Weight) ?? module.Parts.GetValueOrDefault(LoraPart.BaseCopy);
            if (whole is not null)
            {
                sites.Add(Dense(module.Site, whole));
            }

            if (module.IsAdapted)
            {
                var lowRank = LowRank(module, manifest, budget);
                sites.Add(lowRank);
                sites.AddRange(LoraVectors.Of(module, manifest, lowRank, baseModel));
            }
        }

        return sites.Count > 0 ? sites.ToImmutable() : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
    }

    private static LowRankTensors LowRank(LoraModule module, LoraManifest manifest, PatternBudget budget)
    {
        var site = module.Site;
        if (!module.Parts.TryGetValue(LoraPart.A, out var a) || !module.Parts.TryGetValue(LoraPart.B, out var b))
        {
            throw StoreErrors.Unservable("lone_factor", $"The file has only one of lora_A and lora_B for '{site.Path}'.");
        }

        var rank = manifest.RankOf(site.Path, budget);
        if (a.Shape.Length == 2 && a.Shape[0] != rank)
        {
            throw StoreErrors.Unservable("rank_mismatch", $"The configuration gives '{site.Path}' rank {rank}, the file rank {a.Shape[0]}.");
        }

        RequireShape(a, rank, site.InFeatures);
        RequireShape(b, site.OutFeatures, rank);
        var scale = (float)manifest.ScaleOf(site.Path, rank, budget);
        return float.IsFinite(scale)
            ? new LowRankTensors(site, a, b, rank, scale)
            : throw StoreErrors.Unservable("scale", $"lora_alpha over the rank of '{site.Path}' is no finite 32-bit number.");
    }

    /// <summary>Replaces the head alone: on a base with tied embeddings PEFT trains a copy of its own, and the embedding stays the base's.</summary>
    private static DenseTensors Dense(Site site, SafetensorsTensor weight)
    {
        RequireShape(weight, site.OutFeatures, site.InFeatures);
        return new DenseTensors(site, weight, DenseMode.Replace);
    }

    /// <summary>modules_to_save may name the output layer alone, and then the file has it.</summary>
    private static void RequireSavedModules(LoraManifest manifest, LoraModules modules, BaseModel baseModel)
    {
        foreach (var name in manifest.ModulesToSave)
        {
            var head = baseModel.Sites.FirstOrDefault(site => site.Kind == SiteKind.Head && (site.Path == name || site.Path.EndsWith("." + name, StringComparison.Ordinal)));
            if (head is null)
            {
                throw StoreErrors.Unservable(
                    "modules_to_save", $"modules_to_save names '{AdapterNames.Shorten(name)}'; of whole modules only the output layer ({OutputLayer}) is served.");
            }

            if (!modules.BySite.TryGetValue(head.Index, out var module) || !module.Parts.ContainsKey(LoraPart.Weight))
            {
                throw StoreErrors.Unservable("missing_modules", $"modules_to_save names '{head.Path}', but the file has no weights of it.");
            }
        }

        if (manifest.ModulesToSave.IsEmpty && modules.BySite.Values.FirstOrDefault(module => module.Parts.ContainsKey(LoraPart.Weight)) is { } surplus)
        {
            throw StoreErrors.Unservable(
                "surplus_modules", $"The file has whole weights of '{surplus.Site.Path}', which modules_to_save does not name; save with save_embedding_layers=False.");
        }
    }

    private static void RequireSelectedModules(LoraManifest manifest, LoraModules modules, BaseModel baseModel, PatternBudget budget)
    {
        foreach (var module in modules.BySite.Values.Where(module => module.Parts.ContainsKey(LoraPart.BaseCopy)))
        {
            if (!module.IsAdapted || module.Site.Kind != SiteKind.Head || module.Parts.ContainsKey(LoraPart.Weight))
            {
                throw StoreErrors.Unservable("surplus_modules", $"The file has a copy of the base's weights of '{module.Site.Path}' that nothing needs.");
            }
        }

        if (!manifest.Modules.IsGiven)
        {
            return;
        }

        foreach (var site in baseModel.Sites.Where(site => site.Kind is not (SiteKind.Norm or SiteKind.Sublayer)))
        {
            var selected = manifest.Modules.Selects(site.Path, site.Kind, budget);
            var present = modules.BySite.TryGetValue(site.Index, out var module) && module.IsAdapted;
            if (selected && site.Kind == SiteKind.Embedding)
            {
                throw StoreErrors.Unservable("lora_embedding", $"LoRA on the embedding '{site.Path}' is not served yet; leave it out of target_modules.");
            }

            if (selected && !present)
            {
                throw StoreErrors.Unservable("missing_modules", $"The configuration targets '{site.Path}', but the file has no LoRA for it.");
            }

            if (present && !selected)
            {
                throw StoreErrors.Unservable("surplus_modules", $"The file has a LoRA for '{site.Path}', which the configuration does not target.");
            }
        }
    }

    private static void RequireShape(SafetensorsTensor tensor, long rows, long columns)
    {
        if (!tensor.HasShape(rows, columns))
        {
            throw StoreErrors.Unservable(
                "shape_mismatch", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' has shape [{string.Join(", ", tensor.Shape)}]; on this base it must be [{rows}, {columns}].");
        }
    }
}
