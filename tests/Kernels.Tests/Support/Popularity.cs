namespace AdapterServe.Kernels.Tests.Support;

/// <summary>Which adapter each row of a batch wants.</summary>
internal static class Popularity
{
    private const int Adapters = 24;

    public static int[] Ranks { get; } = Enumerable.Range(0, Adapters).Select(i => (i % 6) switch { 0 => 16, 1 => 3, 2 => 8, 3 => 1, 4 => 64, _ => 20 }).ToArray();

    public static int[] Rows(string popularity, int rows)
    {
        var random = new Random(3);
        return Enumerable.Range(0, rows).Select(row => popularity switch
        {
            "identical" => 4,
            "distinct" => row % Adapters,
            "uniform" => random.Next(Adapters),
            "zipf" => (int)Math.Pow(Adapters, random.NextDouble()) - 1,
            _ => random.Next(3) == 0 ? random.Next(Adapters) : -1,
        }).Order().ToArray();
    }
}
