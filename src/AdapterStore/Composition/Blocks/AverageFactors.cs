namespace AdapterServe.AdapterStore.Composition.Blocks;

/// <summary>
/// What the library's Average multiplies a child's output by at one site: w_i / n where all n children act there, the mean of all weights for the only one that does. For more
/// than one and less than all its own computation fails.
/// </summary>
internal static class AverageFactors
{
    public static double Of(AverageBlock average, IReadOnlyList<int> acting, int child, string path) =>
        acting.Count == average.Children.Length ? average.Weights[child] / average.Children.Length
        : acting.Count == 1 ? average.Weights.Sum() / average.Children.Length
        : throw BlockErrors.NotComposable($"{acting.Count} of the {average.Children.Length} averaged adapters act on '{path}'; an average needs all of them there, or one.");
}
