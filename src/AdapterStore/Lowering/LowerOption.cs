using System.Globalization;
using System.Text.RegularExpressions;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// How an uploader asks to have an adapter approximated: <c>svd:rank=N</c>. Part of the version's content, so it has a digest of its own.
/// <b>Semantics</b>: at every linear site where what the adapter adds has a higher rank, the nearest matrix of rank N takes its place (<see cref="SvdLowering"/>).
/// </summary>
public sealed partial record LowerOption
{
    private const int MaxRank = 1 << 16;

    private LowerOption(int rank) => Rank = rank;

    public int Rank { get; }

    /// <summary><b>Errors</b>: Malformed <c>lower_option</c>.</summary>
    public static LowerOption Parse(string text) =>
        Pattern().Match(text) is { Success: true } match && int.Parse(match.Groups["rank"].Value, CultureInfo.InvariantCulture) is var rank and <= MaxRank
            ? new LowerOption(rank)
            : throw StoreErrors.Malformed("lower_option", $"'lower' is svd:rank=N with N from 1 to {MaxRank}; leave it out to have the adapter served exactly.");

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"svd:rank={Rank}");

    [GeneratedRegex(@"\Asvd:rank=(?<rank>[1-9][0-9]{0,5})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
