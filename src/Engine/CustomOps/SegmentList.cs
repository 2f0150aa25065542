using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.Engine.CustomOps;

/// <summary>Segments of a batch in row order; rows without an adapter are in none. Reused; adding allocates nothing.</summary>
internal sealed class SegmentList(int capacity)
{
    private readonly AdapterSegment[] _segments = new AdapterSegment[capacity];
    private int _count;

    public ReadOnlySpan<AdapterSegment> Segments => _segments.AsSpan(0, _count);

    public void Clear() => _count = 0;

    /// <summary>Adds rows behind those added before, to the last segment where they continue it.</summary>
    public void Add(int rowStart, int rows, AdapterWeights? weights)
    {
        if (weights is null || rows == 0)
        {
            return;
        }

        if (_count > 0 && _segments[_count - 1] is var last && last.Weights == weights && last.RowEnd == rowStart)
        {
            _segments[_count - 1] = last with { RowEnd = rowStart + rows };
        }
        else
        {
            _segments[_count++] = new AdapterSegment(rowStart, rowStart + rows, weights);
        }
    }
}
