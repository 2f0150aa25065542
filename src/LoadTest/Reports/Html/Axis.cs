namespace AdapterServe.LoadTest.Reports.Html;

/// <summary>
/// Values of [<paramref name="Least"/>, <paramref name="Most"/>] along a line of [<paramref name="From"/>, <paramref name="To"/>], by value or by
/// logarithm.
/// </summary>
internal sealed record Axis(double Least, double Most, double From, double To, bool IsLogarithmic = false)
{
    private const int WantedTicks = 5;

    /// <summary>From 0 to a round number of at least <paramref name="most"/>.</summary>
    public static Axis FromZero(double most, double from, double to)
    {
        var step = Step(most);
        return new Axis(0, Math.Max(step, Math.Ceiling(most / step) * step), from, to);
    }

    /// <summary>Whole decades around the values.</summary>
    public static Axis Decades(double least, double most, double from, double to)
    {
        var low = Math.Floor(Math.Log10(Math.Max(least, 1e-3)));
        var high = Math.Max(low + 1, Math.Ceiling(Math.Log10(Math.Max(most, 1e-3))));
        return new Axis(Math.Pow(10, low), Math.Pow(10, high), from, to, IsLogarithmic: true);
    }

    public double Place(double value)
    {
        value = Math.Clamp(value, Least, Most);
        var share = IsLogarithmic ? Math.Log(value / Least) / Math.Log(Most / Least) : (value - Least) / (Most - Least);
        return From + (share * (To - From));
    }

    public IEnumerable<double> Ticks()
    {
        if (IsLogarithmic)
        {
            for (var tick = Least; tick <= Most * 1.001; tick *= 10)
            {
                yield return tick;
            }

            yield break;
        }

        var step = Step(Most - Least);
        for (var index = 0; Least + (index * step) <= Most + (step / 1000); index++)
        {
            yield return Least + (index * step);
        }
    }

    /// <summary>1, 2 or 5 times a power of ten.</summary>
    private static double Step(double range)
    {
        var rough = Math.Max(range, 1e-9) / WantedTicks;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return power * ((rough / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 });
    }
}
