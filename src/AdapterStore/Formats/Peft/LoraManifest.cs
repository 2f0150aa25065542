using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Patterns;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// What the configuration of a plain LoRA says.
/// </summary>
internal sealed record LoraManifest
{
    public required int Rank { get; init; }

    public required double Alpha { get; init; }

    public required bool UseRsLora { get; init; }

    public required bool UseDora { get; init; }

    /// <summary>Whether each B has a bias.</summary>
    public required bool HasBias { get; init; }

    /// <summary>Ranks of modules whose path ends in a match of the pattern; the first match in the file's order wins.</summary>
    public required ImmutableArray<(ModulePattern Pattern, int Rank)> RankPattern { get; init; }

    public required ImmutableArray<(ModulePattern Pattern, double Alpha)> AlphaPattern { get; init; }

    public required ModuleSelection Modules { get; init; }

    /// <summary>Modules whose whole weights the file holds.</summary>
    public required ImmutableArray<string> ModulesToSave { get; init; }

    /// <summary>Which of the base's biases were trained: "none", "lora_only" or "all".</summary>
    public required string Bias { get; init; }

    /// <summary>Whether a tied head follows the embedding.</summary>
    public required bool TiesWeights { get; init; }

    /// <summary>Token ids with rows of the adapter's own, for modules by name; no name means the embedding.</summary>
    public required ImmutableArray<(string? Module, ImmutableArray<int> Ids)> TokenRows { get; init; }

    /// <summary>Whether modules_to_save names the module or one that it is part of.</summary>
    public bool Saves(string path) => ModulesToSave.Any(name => IsSavedBy(path, name));

    /// <summary>As PEFT matches: the path, or that of a module around it, ends in the name.</summary>
    public static bool IsSavedBy(string path, string name)
    {
        for (var end = path.Length; end > 0; end = path.LastIndexOf('.', end - 1))
        {
            if (path.AsSpan(0, end).EndsWith(name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    public int RankOf(string path, PatternBudget budget)
    {
        foreach (var (pattern, rank) in RankPattern)
        {
            if (pattern.Matches(path, budget))
            {
                return rank;
            }
        }

        return Rank;
    }

    /// <summary>alpha / r, or alpha / √r with rsLoRA, alpha and r resolved for the module.</summary>
    public double ScaleOf(string path, int rank, PatternBudget budget)
    {
        var alpha = Alpha;
        foreach (var (pattern, value) in AlphaPattern)
        {
            if (pattern.Matches(path, budget))
            {
                alpha = value;
                break;
            }
        }

        return UseRsLora ? alpha / Math.Sqrt(rank) : alpha / rank;
    }
}
