using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>A tenant's adapters: first a group by its weight, then an adapter of the group by popularity.</summary>
internal sealed class AdapterMix
{
    private readonly IReadOnlyList<(IReadOnlyList<string> Names, IPopularity Popularity)> _groups;
    private readonly WeightedChoice _choice;

    /// <param name="names">The adapters that the tenant may use, most popular first.</param>
    /// <param name="mix">Groups of them.</param>
    /// <param name="popularity">Within a group.</param>
    public AdapterMix(IReadOnlyList<string> names, MixSpec mix, PopularitySpec popularity)
    {
        _groups = [.. mix.Groups.Select(group => Group(names, group.Pattern, popularity))];
        _choice = new WeightedChoice(mix.Groups.Select(group => group.Weight));
    }

    /// <summary>The adapter of request <paramref name="index"/>, null for the base alone.</summary>
    public string? Choose(long index, ref SplitMix64 draws)
    {
        var (names, popularity) = _groups[_groups.Count == 1 ? 0 : _choice.Draw(ref draws)];
        return popularity.Choose(index, ref draws) is { } place ? names[place] : null;
    }

    private static (IReadOnlyList<string>, IPopularity) Group(IReadOnlyList<string> names, string pattern, PopularitySpec popularity)
    {
        if (pattern == MixSpec.Base || !popularity.NeedsAdapters)
        {
            return ([], new NonePopularity());
        }

        var members = NamePatterns.Select(names, [pattern]);
        return (members, popularity.Over(members.Count));
    }
}
