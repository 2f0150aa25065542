namespace AdapterServe.Engine.Requests;

/// <summary>
/// The pooled hidden states of a prompt behind the final norm, what the head reads. The engine adds while the request runs; complete when it has ended by itself.
/// </summary>
public sealed class PooledStates
{
    private readonly double[] _sum;
    private int _count;

    internal PooledStates(int width) => _sum = new double[width];

    /// <summary>
    /// <b>Semantics</b>: the first <paramref name="dimensions"/> components, divided by their Euclidean norm; zeros where that is 0.
    /// </summary>
    public float[] Normalized(int dimensions)
    {
        var norm = Math.Sqrt(_sum.Take(dimensions).Sum(value => value * value));
        return [.. _sum.Take(dimensions).Select(value => norm > 0 ? (float)(value / norm) : 0)];
    }

    /// <summary>How many tokens' states are in it.</summary>
    public int Count => _count;

    internal void Add(ReadOnlySpan<float> state)
    {
        for (var i = 0; i < _sum.Length; i++)
        {
            _sum[i] += state[i];
        }

        _count++;
    }
}
