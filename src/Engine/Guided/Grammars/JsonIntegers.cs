namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// Integers between bounds as expressions, digit by digit. <b>Semantics</b>: the texts are those of the integers in [low, high], without leading zeros, -0 and fractions;
/// a bound that is missing, or beyond 15 digits on its far side, is that of 15 digits.
/// </summary>
internal static class JsonIntegers
{
    public const long Most = 999_999_999_999_999;

    /// <summary>The expression, or null where no integer lies between.</summary>
    public static string? Between(long low, long high)
    {
        var parts = new List<string>();
        if (low < 0 && Natural(Math.Max(1, -Math.Min(high, -1)), -low) is { } negative)
        {
            parts.Add($"-({negative})");
        }

        if (high >= 0 && Natural(Math.Max(low, 0), high) is { } natural)
        {
            parts.Add($"({natural})");
        }

        return parts.Count == 0 ? null : string.Join('|', parts);
    }

    private static string? Natural(long low, long high)
    {
        if (low > high)
        {
            return null;
        }

        var parts = new List<string>();
        while (low <= high)
        {
            var digits = Text(low).Length;
            var last = Math.Min(high, Nines(digits));
            parts.Add(SameLength(Text(low), Text(last)));
            low = last + 1;
        }

        return string.Join('|', parts);
    }

    private static string SameLength(string low, string high)
    {
        if (low.Length == 0)
        {
            return string.Empty;
        }

        if (low[0] == high[0])
        {
            return low[0] + Grouped(SameLength(low[1..], high[1..]));
        }

        var rest = low.Length - 1;
        var (first, last) = (low[0], high[0]);
        var parts = new List<string>();
        if (low[1..].Any(digit => digit != '0'))
        {
            parts.Add(first + Grouped(SameLength(low[1..], new string('9', rest))));
            first++;
        }

        if (high[1..].Any(digit => digit != '9'))
        {
            parts.Add(last + Grouped(SameLength(new string('0', rest), high[1..])));
            last--;
        }

        if (first <= last)
        {
            parts.Add($"[{first}-{last}]" + (rest == 0 ? string.Empty : $"[0-9]{{{rest}}}"));
        }

        return string.Join('|', parts);
    }

    private static string Grouped(string expression) => expression.Contains('|', StringComparison.Ordinal) ? $"({expression})" : expression;

    private static long Nines(int digits) => long.Parse(new string('9', digits), System.Globalization.CultureInfo.InvariantCulture);

    private static string Text(long value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
