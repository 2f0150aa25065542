using System.Globalization;

namespace AdapterServe.LoadTest.Lengths;

/// <summary>A distribution as the command line writes it: <c>64</c>, <c>uniform:16-128</c>, <c>lognormal:MEDIAN,SIGMA[,MOST]</c>.</summary>
internal static class LengthSpec
{
    private const int Most = 1_000_000;

    /// <param name="text">As above.</param>
    /// <param name="least">The smallest number that makes sense.</param>
    public static ILengths Parse(string text, int least = 1)
    {
        var parts = text.Split(':', 2);
        var numbers = parts[^1].Split(parts[0] == "uniform" ? '-' : ',').Select(Number).ToArray();
        bool IsWhole(double? value) => value >= least && value <= Most && value == Math.Floor(value.Value);
        return (parts.Length, parts[0], numbers) switch
        {
            (1, _, [{ } value]) when IsWhole(value) => new FixedLengths((int)value),
            (2, "uniform", [{ } from, { } to]) when IsWhole(from) && IsWhole(to) && from <= to => new UniformLengths((int)from, (int)to),
            (2, "lognormal", [{ } median, { } sigma]) when IsLogNormal(median, sigma) => new LogNormalLengths(median, sigma, Most),
            (2, "lognormal", [{ } median, { } sigma, { } most]) when IsLogNormal(median, sigma)
                && IsWhole(most) => new LogNormalLengths(median, sigma, (int)most),
            _ => throw new UserErrorException(
                $"'{text}' is no length of at least {least}; write 64, uniform:16-128 or lognormal:MEDIAN,SIGMA[,MOST]."),
        };
    }

    private static bool IsLogNormal(double median, double sigma) => median is > 0 and <= Most && sigma is >= 0 and <= 10;

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
        && double.IsFinite(value) ? value : null;
}
