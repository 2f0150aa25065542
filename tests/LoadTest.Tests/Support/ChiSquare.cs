namespace AdapterServe.LoadTest.Tests.Support;

internal static class ChiSquare
{
    /// <summary>Checks that counts come from the expected probabilities.</summary>
    public static void AssertFits(IReadOnlyList<double> probabilities, IReadOnlyList<int> counts)
    {
        var all = counts.Sum();
        Assert.All(probabilities, probability => Assert.True(probability * all >= 5, "Too few draws for a chi-square test."));
        var statistic = probabilities.Zip(counts, (probability, count) => Math.Pow(count - (probability * all), 2) / (probability * all)).Sum();
        var freedom = counts.Count - 1.0;
        var spread = 2 / (9 * freedom);
        var bound = freedom * Math.Pow(1 - spread + (Tolerances.ChiSquareNormalQuantile * Math.Sqrt(spread)), 3);
        Assert.True(statistic <= bound, $"The chi-square statistic is {statistic}, the bound {bound}.");
    }

    /// <summary>How many of the draws fall into each place.</summary>
    public static int[] Count(int places, IEnumerable<int> draws)
    {
        var counts = new int[places];
        foreach (var draw in draws)
        {
            counts[draw]++;
        }

        return counts;
    }
}
