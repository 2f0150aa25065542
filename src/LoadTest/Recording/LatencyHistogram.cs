using System.Numerics;

namespace AdapterServe.LoadTest.Recording;

/// <summary>
/// Counts whole numbers of microseconds in buckets whose width grows with the value. <b>Semantics</b>: values below 256 are exact; above, a
/// percentile is the upper end of its bucket, too large by less than 1/128 of the value, and never above the largest value. <b>Effects</b>: fixed
/// memory, 58 KB; not thread-safe. <b>Source</b>: the layout of HdrHistogram (Tene) with 128 buckets an octave.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int OctaveBits = 7;
    private const int Octave = 1 << OctaveBits;
    private readonly long[] _counts = new long[(64 - OctaveBits) * Octave];
    private double _sum;

    public long Count { get; private set; }

    public long Max { get; private set; }

    public double Mean => Count == 0 ? 0 : _sum / Count;

    public void Record(long value)
    {
        value = Math.Max(0, value);
        _counts[BucketOf(value)]++;
        _sum += value;
        Count++;
        Max = Math.Max(Max, value);
    }

    /// <summary>The nearest-rank percentile, <paramref name="share"/> in (0, 1]; 0 when nothing was recorded.</summary>
    public long Percentile(double share)
    {
        var rank = Math.Clamp((long)Math.Ceiling(share * Count), 1, Math.Max(1, Count));
        var seen = 0L;
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            seen += _counts[bucket];
            if (seen >= rank)
            {
                return Math.Min(Max, UpperEnd(bucket));
            }
        }

        return Max;
    }

    /// <summary>The buckets that hold something: their upper ends and counts, ascending.</summary>
    public IEnumerable<(long UpperEnd, long Count)> Buckets()
    {
        for (var bucket = 0; bucket < _counts.Length; bucket++)
        {
            if (_counts[bucket] > 0)
            {
                yield return (Math.Min(Max, UpperEnd(bucket)), _counts[bucket]);
            }
        }
    }

    private static int BucketOf(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - OctaveBits);
        return (shift << OctaveBits) + (int)(value >> shift);
    }

    private static long UpperEnd(int bucket)
    {
        var shift = Math.Max(0, (bucket >> OctaveBits) - 1);
        long place = bucket - (shift << OctaveBits);
        return ((place + 1) << shift) - 1;
    }
}
