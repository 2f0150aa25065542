using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>
/// A tenant's adapters: first a group by its weight, then an adapter of the group by popularity; where a request names several, those that follow it
/// in the group's order too.
/// </summary>
internal sealed class AdapterMix
{
    /// <summary>Stands between the names of several adapters; no name holds it.</summary>
    public const char Sum = '+';

    private readonly IReadOnlyList<(IReadOnlyList<string> Names, IPopularity Popularity)> _groups;
    private readonly WeightedChoice _choice;
    private readonly int _together;

    /// <param name="names">The adapters that the tenant may use, most popular first.</param>
    /// <param name="mix">Groups of them.</param>
    /// <param name="popularity">Within a group.</param>
    /// <param name="together">How many adapters a request names.</param>
    public AdapterMix(IReadOnlyList<string> names, MixSpec mix, PopularitySpec popularity, int together = 1)
    {
        _together = together;
        _groups = [.. mix.Groups.Select(group => Group(names, group.Pattern, popularity))];
        _choice = new WeightedChoice(mix.Groups.Select(group => group.Weight));
    }

    /// <summary>The adapter of request <paramref name="index"/>, several joined by <see cref="Sum"/>; null for the base alone.</summary>
    public string? Choose(long index, ref SplitMix64 draws)
    {
        var (names, popularity) = _groups[_groups.Count == 1 ? 0 : _choice.Draw(ref draws)];
        return popularity.Choose(index * _together, ref draws) is { } place
            ? string.Join(Sum, Enumerable.Range(place, _together).Select(at => names[at % names.Count]))
            : null;
    }

    private (IReadOnlyList<string>, IPopularity) Group(IReadOnlyList<string> names, string pattern, PopularitySpec popularity)
    {
        if (pattern == MixSpec.Base || !popularity.NeedsAdapters)
        {
            return ([], new NonePopularity());
        }

        var members = NamePatterns.Select(names, [pattern]);
        if (members.Count < _together)
        {
            throw new UserErrorException($"'{pattern}' has {members.Count} adapters, fewer than the {_together} of --together.");
        }

        return (members, popularity.Over(members.Count));
    }
}
