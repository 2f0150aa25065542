using System.Globalization;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>
/// Groups of adapters and their weights as the command line writes them: <c>lora-*=2,shira-*=1,none=1</c>; <c>none</c> is the base alone.
/// </summary>
internal sealed record MixSpec(IReadOnlyList<(string Pattern, double Weight)> Groups)
{
    public const string Base = "none";

    /// <summary>All adapters in one group.</summary>
    public static MixSpec Everything { get; } = new([("*", 1)]);

    public static MixSpec Parse(string text) => new([.. text.Split(',').Select(ParseOne)]);

    private static (string Pattern, double Weight) ParseOne(string item)
    {
        var at = item.LastIndexOf('=');
        return at > 0 && double.TryParse(item.AsSpan(at + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && weight >= 0
            && double.IsFinite(weight)
            ? (item[..at].Trim(), weight)
            : throw new UserErrorException($"'{item}' is no group of adapters with its weight, as in lora-*=2.");
    }
}
