namespace AdapterServe.Kernels.Weights;

/// <summary>
/// How a low-rank product weighs its ranks for each row: with a = A x and s = a / |a|, w = softmax(s / Temperature) over all ranks; w stays at the
/// <paramref name="Kept"/> largest (the first ones among equals), and of these where s is at least <paramref name="Threshold"/>, and is 0 elsewhere.
/// <c>default</c> is no gate.
/// </summary>
/// <param name="Temperature">Above 0.</param>
/// <param name="Kept">From 1 to the rank.</param>
/// <param name="Threshold">Of s, which is in [-1, 1].</param>
public readonly record struct RankGate(float Temperature, int Kept, float Threshold)
{
    /// <summary>Ranks beyond it are refused: a gate sorts all of a row's ranks.</summary>
    public const int MaxRank = 1024;

    public bool IsOpen => Kept == 0;
}
