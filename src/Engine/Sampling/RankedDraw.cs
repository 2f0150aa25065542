namespace AdapterServe.Engine.Sampling;

/// <summary>Draws among the few best tokens that top-k leaves: they are sorted, and only they are weighed. <b>Semantics</b>, <b>Effects</b>: as <see
/// cref="NucleusDraw"/>.</summary>
internal sealed class RankedDraw
{
    /// <summary>The largest top-k that is cheaper to sort than to put into buckets.</summary>
    public const int Most = 1024;

    private readonly CandidateRanking _ranking = new();
    private readonly float[] _weights = new float[Most];

    public int Draw(ReadOnlySpan<float> logits, float best, float inverseTemperature, SamplingParameters parameters, double uniform)
    {
        _ranking.Load(logits, parameters.TopK);
        _ranking.Sort(_ranking.Count);
        for (var rank = 0; rank < _ranking.Count; rank++)
        {
            _weights[rank] = MathF.Exp((logits[_ranking[rank]] - best) * inverseTemperature);
        }

        var count = KeepLikely(parameters.TopP < 1 ? Nucleus(parameters.TopP * Sum(_ranking.Count)) : _ranking.Count, parameters.MinP);
        var target = uniform * Sum(count);
        var sum = 0.0;
        for (var rank = 0; rank < count; rank++)
        {
            sum += _weights[rank];
            if (sum > target)
            {
                return _ranking[rank];
            }
        }

        // Rounding may leave the target at the sum itself; the best token always has weight.
        return _ranking[0];
    }

    private int Nucleus(double wanted)
    {
        var (sum, kept) = ((double)_weights[0], 1);
        while (kept < _ranking.Count && sum < wanted)
        {
            sum += _weights[kept++];
        }

        return kept;
    }

    // The best token's weight is 1, so a weight is the likelihood relative to it.
    private int KeepLikely(int count, float minP)
    {
        while (count > 1 && _weights[count - 1] < minP)
        {
            count--;
        }

        return count;
    }

    private double Sum(int count)
    {
        var sum = 0.0;
        foreach (var weight in _weights.AsSpan(0, count))
        {
            sum += weight;
        }

        return sum;
    }
}
