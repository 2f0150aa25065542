namespace AdapterServe.Kernels.Reference;

/// <summary>a[r] *= w[r] for one row, in double; see <see cref="Weights.RankGate"/>.</summary>
internal static class RankGating
{
    public static void Apply(Span<double> a, double temperature, int kept, double threshold)
    {
        var length = Math.Max(Math.Sqrt(a.ToArray().Sum(value => value * value)), 1e-12);
        var s = Array.ConvertAll(a.ToArray(), value => value / length);
        var total = s.Sum(value => Math.Exp(value / temperature));
        var best = Enumerable.Range(0, s.Length).OrderByDescending(r => s[r]).ThenBy(r => r).Take(kept).ToHashSet();
        for (var r = 0; r < s.Length; r++)
        {
            a[r] *= best.Contains(r) && s[r] >= threshold ? Math.Exp(s[r] / temperature) / total : 0;
        }
    }
}
