namespace AdapterServe.LoadTest.Randomness;

/// <summary>Draws places with probabilities proportional to weights.</summary>
internal sealed class WeightedChoice
{
    private readonly double[] _bounds;

    public WeightedChoice(IEnumerable<double> weights)
    {
        var sum = 0.0;
        _bounds = [.. weights.Select(weight => sum += weight)];
        if (!(sum > 0) || !double.IsFinite(sum))
        {
            throw new UserErrorException("Weights must be numbers of at least 0, and at least one must be more.");
        }
    }

    public int Draw(ref SplitMix64 draws)
    {
        var found = Array.BinarySearch(_bounds, draws.NextDouble() * _bounds[^1]);
        // An exact hit belongs to the next place.
        var place = found < 0 ? ~found : found + 1;
        return Math.Min(place, _bounds.Length - 1);
    }
}
