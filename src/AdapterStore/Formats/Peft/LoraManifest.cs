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
