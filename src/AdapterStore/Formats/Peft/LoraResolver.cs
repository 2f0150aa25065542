using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// Brings what the configuration says and what the file holds together, module by module, on the base's shapes.
/// <b>Errors</b>: Unservable, one code for each way in which they disagree.
/// </summary>
internal static class LoraResolver
{
    public static ImmutableArray<SiteTensors> Resolve(LoraManifest manifest, LoraModules modules, ITensorSource file, BaseModel baseModel, PatternBudget budget)
    {
        if (modules.BySite.Values.FirstOrDefault(module => module.Parts.ContainsKey(LoraPart.Alpha)) is { } twice)
        {
            throw StoreErrors.Unservable("ambiguous_keys", $"The file has an alpha for '{twice.Site.Path}' and the configuration another; leave one of them out.");
        }

        LoraWholeWeights.Require(manifest, modules, baseModel);
        RequireSelectedModules(manifest, modules, baseModel, budget);
        LoraBiases.Require(manifest, modules, baseModel, budget);
        var sites = ImmutableArray.CreateBuilder<SiteTensors>();
        foreach (var module in modules.BySite.Values)
        {
            sites.AddRange(LoraWholeWeights.Of(module, manifest, file, baseModel));
            if (module.IsAdapted && module.Site.Kind == SiteKind.Embedding)
            {
                sites.Add(LoraEmbedding.Of(module, manifest, budget));
            }
            else if (module.IsAdapted)
            {
                var lowRank = LowRank(module, manifest, budget);
                sites.Add(lowRank);
                sites.AddRange(LoraVectors.Of(module, manifest, lowRank, baseModel));
            }

            sites.AddRange(LoraBiases.Of(module));
        }

        sites.AddRange(LoraTying.Of(sites.ToImmutable(), manifest, modules, file, baseModel, budget));
        sites.AddRange(Tokens(manifest, modules, baseModel));
        return sites.Count > 0 ? sites.ToImmutable() : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
    }

    public static int RequireRank(Site site, SafetensorsTensor a, LoraManifest manifest, PatternBudget budget)
    {
        var rank = manifest.RankOf(site.Path, budget);
        return a.Shape.Length != 2 || a.Shape[0] == rank
            ? rank
            : throw StoreErrors.Unservable("rank_mismatch", $"The configuration gives '{site.Path}' rank {rank}, the file rank {a.Shape[0]}.");
    }

    public static float ScaleOf(Site site, int rank, LoraManifest manifest, PatternBudget budget)
    {
        var scale = (float)manifest.ScaleOf(site.Path, rank, budget);
        return float.IsFinite(scale) ? scale : throw StoreErrors.Unservable("scale", $"lora_alpha over the rank of '{site.Path}' is no finite 32-bit number.");
    }

    public static void RequireShape(SafetensorsTensor tensor, long rows, long columns)
    {
        if (!tensor.HasShape(rows, columns))
        {
            throw StoreErrors.Unservable(
                "shape_mismatch", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' has shape [{string.Join(", ", tensor.Shape)}]; on this base it must be [{rows}, {columns}].");
        }
    }

    private static LowRankTensors LowRank(LoraModule module, LoraManifest manifest, PatternBudget budget)
    {
        var site = module.Site;
        if (!module.Parts.TryGetValue(LoraPart.A, out var a) || !module.Parts.TryGetValue(LoraPart.B, out var b))
        {
            throw StoreErrors.Unservable("lone_factor", $"The file has only one of lora_A and lora_B for '{site.Path}'.");
        }

        var rank = RequireRank(site, a, manifest, budget);
        RequireShape(a, rank, site.InFeatures);
        RequireShape(b, site.OutFeatures, rank);
        return new LowRankTensors(site, a, b, rank, ScaleOf(site, rank, manifest, budget));
    }

    private static IEnumerable<SiteTensors> Tokens(LoraManifest manifest, LoraModules modules, BaseModel baseModel)
    {
        var tokens = new TokenRows(baseModel);
        foreach (var (name, ids) in manifest.TokenRows)
        {
            tokens.Add(name, ids);
        }

        var sites = tokens.Sites.ToList();
        if (modules.BySite.Values.FirstOrDefault(module => module.Parts.ContainsKey(LoraPart.TokenRows) && !sites.Contains(module.Site)) is { } surplus)
        {
            throw StoreErrors.Unservable("surplus_modules", $"The file has rows of single tokens of '{surplus.Site.Path}', for which trainable_token_indices has no ids.");
        }

        if (modules.BySite.Values.FirstOrDefault(module => Clashes(module, sites, tokens.FollowsEmbedding(), manifest)) is { } clash)
        {
            throw StoreErrors.Unservable("trainable_tokens", $"The file has rows of single tokens of '{clash.Site.Path}' beside other weights of it, which is not served.");
        }

        if (LoraTying.IsInEffect(manifest, baseModel) && sites.Count > 1 && !tokens.FollowsEmbedding())
        {
            throw StoreErrors.Unservable("weight_tying", "ensure_weight_tying is set, but trainable_token_indices has different ids for the tied layers.");
        }

        return tokens.Place(site => modules.BySite.GetValueOrDefault(site.Index)?.Parts.GetValueOrDefault(LoraPart.TokenRows));
    }

    /// <summary>A copy of the matrix under the rows is no clash; <see cref="LoraWholeWeights"/> looks at it.</summary>
    private static bool Clashes(LoraModule module, List<Site> sites, bool headFollows, LoraManifest manifest) =>
        (sites.Contains(module.Site) && module.Parts.Keys.Any(part => part is not (LoraPart.TokenRows or LoraPart.BaseCopy)))
        || (headFollows && module.Site.Kind == SiteKind.Head
            && (manifest.Saves(module.Site.Path) || module.Parts.Keys.Any(part => part is not (LoraPart.Weight or LoraPart.BaseCopy))));

    private static void RequireSelectedModules(LoraManifest manifest, LoraModules modules, BaseModel baseModel, PatternBudget budget)
    {
        if (!manifest.Modules.IsGiven)
        {
            return;
        }

        foreach (var site in baseModel.Sites.Where(site => site.Kind is not (SiteKind.Norm or SiteKind.Sublayer)))
        {
            var selected = manifest.Modules.Selects(site, budget);
            var present = modules.BySite.TryGetValue(site.Index, out var module) && module.IsAdapted;
            if (site.Kind == SiteKind.Head && selected != present && LoraTying.IsInEffect(manifest, baseModel))
            {
                continue;
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
}
