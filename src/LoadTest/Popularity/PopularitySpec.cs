using System.Globalization;

namespace AdapterServe.LoadTest.Popularity;

/// <summary>
/// A popularity as the command line writes it: <c>none</c>, <c>identical</c>, <c>distinct</c>, <c>uniform</c> or <c>zipf:ALPHA</c>.
/// </summary>
internal sealed record PopularitySpec(string Name, double Alpha)
{
    public static PopularitySpec None { get; } = new("none", 0);

    public bool NeedsAdapters => Name != "none";

    public static PopularitySpec Parse(string text)
    {
        var parts = text.Split(':', 2);
        if (parts is ["zipf", ..])
        {
            return parts.Length == 2 && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var alpha)
                && alpha is >= 0 and <= 10
                ? new PopularitySpec("zipf", alpha)
                : throw new UserErrorException("'zipf' needs its exponent, a number from 0 to 10, as in zipf:1.");
        }

        return parts is ["none" or "identical" or "distinct" or "uniform"]
            ? new PopularitySpec(text, 0)
            : throw new UserErrorException($"There is no popularity '{text}'; there are none, identical, distinct, uniform and zipf:ALPHA.");
    }

    public IPopularity Over(int count) => Name switch
    {
        "none" => new NonePopularity(),
        "identical" => new IdenticalPopularity(),
        "distinct" => new DistinctPopularity(count),
        "uniform" => new UniformPopularity(count),
        _ => new ZipfPopularity(count, Alpha),
    };

    public string Describe() => Name == "zipf" ? string.Create(CultureInfo.InvariantCulture, $"zipf({Alpha:0.###})") : Name;
}
