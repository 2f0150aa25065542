using System.Globalization;

namespace AdapterServe.LoadTest.Commands;

/// <summary>Spans of time as the command line writes them: <c>500ms</c>, <c>10s</c>, <c>2m</c>, <c>1h</c>, or a number of seconds.</summary>
internal static class Durations
{
    private static readonly (string Unit, double Seconds)[] s_units = [("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)];

    public static TimeSpan Parse(string option, string text)
    {
        var (unit, seconds) = s_units.FirstOrDefault(unit => text.EndsWith(unit.Unit, StringComparison.Ordinal), (string.Empty, 1));
        return double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && value >= 0 && value * seconds < 1e7
            ? TimeSpan.FromSeconds(value * seconds)
            : throw new UserErrorException($"{option} takes a span of time such as 500ms, 10s or 2m, not '{text}'.");
    }

    public static TimeSpan? ParseOptional(string option, string? text) => text is null ? null : Parse(option, text);
}
