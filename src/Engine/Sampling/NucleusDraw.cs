using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AdapterServe.Engine.Sampling;

/// <summary>
/// Draws among the best tokens that top-p and top-k leave, without sorting them.
/// <b>Semantics</b>: tokens stand in the order of their logits, ties by id; kept are the fewest first ones whose weights reach TopP of the sum (of
/// all, or of the first TopK), at most TopK, none
/// lighter than MinP; the token drawn is the first at which the sum of weights exceeds uniform times that of all kept.
/// Tokens are put into buckets by their distance to the best; only the bucket in which the kept ones end and the one of the draw are looked into, by
/// selection.
/// <b>Effects</b>: O(V); reuses its memory and allocates only where a vocabulary is larger than any before.
/// </summary>
internal sealed class NucleusDraw
{
    private const int Buckets = 4096;

    /// <summary>So many fit into a register's worth of comparisons: sorted instead of split further.</summary>
    private const int Few = 32;

    /// <summary>Beyond this, e^-x is no float any more.</summary>
    private const double MostNats = 88;

    /// <summary>For what is too light: a place for each lane, so that one sum does not wait for another.</summary>
    private static readonly Vector<int> s_outside = Vector<int>.Indices + new Vector<int>(Buckets);

    private readonly double[] _sums = new double[Buckets + Vector<int>.Count];
    private readonly int[] _counts = new int[Buckets + Vector<int>.Count];
    private int[] _buckets = [];
    private ulong[] _keys = [];
    private float _best;
    private float _bucketsPerLogit;

    /// <param name="logits">[V].</param>
    /// <param name="weights">[V], e^((logit - best) inverseTemperature); what is lighter than MinP becomes 0.</param>
    /// <param name="best">The greatest logit.</param>
    /// <param name="parameters">TopK, TopP, MinP and the temperature.</param>
    /// <param name="uniform">[0, 1).</param>
    /// <returns>The token, or -1 where rounding leaves none.</returns>
    public int Draw(ReadOnlySpan<float> logits, Span<float> weights, float best, SamplingParameters parameters, double uniform)
    {
        if (_keys.Length < logits.Length)
        {
            _keys = new ulong[logits.Length];
            _buckets = new int[logits.Length];
        }

        var most = parameters.TopK > 0 ? parameters.TopK : int.MaxValue;
        var total = LogitScan.Sum(weights);
        Scale(best, parameters, most < logits.Length ? 0 : (1 - parameters.TopP) * total / logits.Length);
        if (most < logits.Length && parameters.TopP < 1)
        {
            Fill(logits, weights, counts: true);
            total = Keep(logits, weights, most, double.PositiveInfinity).Sum;
        }

        if (parameters.MinP > 0)
        {
            LogitScan.ClearBelow(weights, parameters.MinP);
        }

        Fill(logits, weights, counts: most < logits.Length);
        var kept = Keep(logits, weights, most, parameters.TopP < 1 ? parameters.TopP * total : double.PositiveInfinity);
        return Find(logits, weights, kept, uniform * kept.Sum);
    }

    /// <summary>
    /// What weighs at most <paramref name="excluded"/>, the share of a token in all that top-p leaves out, can't be kept: even together such tokens
    /// are lighter than that.
    /// </summary>
    private void Scale(float best, SamplingParameters parameters, double excluded)
    {
        _best = best;
        var nats = excluded > 0 ? Math.Clamp(-Math.Log(0.99 * excluded), 1e-3, MostNats) : MostNats;
        _bucketsPerLogit = (float)Math.Min(Buckets / nats / parameters.Temperature, float.MaxValue);
    }

    /// <summary>Without a branch on a token's own weight, which half of a wide distribution would mispredict.</summary>
    private void Fill(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, bool counts)
    {
        Array.Clear(_sums);
        Array.Clear(_counts);
        var (best, scale, end) = (new Vector<float>(_best), new Vector<float>(_bucketsPerLogit), new Vector<float>(Buckets));
        var start = 0;
        for (; start + Vector<float>.Count <= logits.Length; start += Vector<float>.Count)
        {
            var places = (best - new Vector<float>(logits[start..])) * scale;
            var isNear = Vector.LessThan(places, end);
            Vector.ConditionalSelect(isNear, Vector.ConvertToInt32(places), s_outside).CopyTo(_buckets, start);
            if (isNear != Vector<int>.Zero)
            {
                Add(weights, start, start + Vector<float>.Count, counts);
            }
        }

        for (var id = start; id < logits.Length; id++)
        {
            var place = (_best - logits[id]) * _bucketsPerLogit;
            _buckets[id] = place < Buckets ? (int)place : Buckets;
        }

        Add(weights, start, logits.Length, counts);
    }

    private void Add(ReadOnlySpan<float> weights, int from, int to, bool counts)
    {
        ref var sums = ref MemoryMarshal.GetArrayDataReference(_sums);
        var own = weights[from..to];
        var buckets = _buckets.AsSpan(from, own.Length);
        for (var i = 0; i < own.Length; i++)
        {
            // Every bucket was computed to lie in [0, Buckets + lanes).
            Unsafe.Add(ref sums, buckets[i]) += own[i];
        }

        if (counts)
        {
            foreach (var bucket in buckets)
            {
                _counts[bucket]++;
            }
        }
    }

    /// <summary>The fewest best tokens that reach a sum, at most so many. Those of the last bucket stand at the front of the keys
    /// afterwards.</summary>
    private Kept Keep(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, int most, double wanted)
    {
        var (sum, count) = (0.0, 0);
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (count + _counts[bucket] > most || sum + _sums[bucket] >= wanted)
            {
                var (kept, own) = Walk(Collect(logits, bucket), weights, most - count, wanted - sum, beyond: false);
                return new Kept(bucket, kept, sum + own);
            }

            sum += _sums[bucket];
            count += _counts[bucket];
        }

        return new Kept(Buckets, 0, sum);
    }

    private int Find(ReadOnlySpan<float> logits, ReadOnlySpan<float> weights, Kept kept, double target)
    {
        var sum = 0.0;
        for (var bucket = 0; bucket < kept.Bucket; bucket++)
        {
            if (sum + _sums[bucket] > target)
            {
                return In(Collect(logits, bucket), weights, target - sum);
            }

            sum += _sums[bucket];
        }

        return In(_keys.AsSpan(0, kept.InBucket), weights, target - sum);
    }

    private static int In(Span<ulong> keys, ReadOnlySpan<float> weights, double target)
    {
        var (count, sum) = Walk(keys, weights, keys.Length, target, beyond: true);
        return sum > target ? CandidateRanking.IdOf(keys[count - 1]) : -1;
    }

    private Span<ulong> Collect(ReadOnlySpan<float> logits, int bucket)
    {
        var count = 0;
        var wanted = new Vector<int>(bucket);
        for (var start = 0; start < logits.Length; start += Vector<int>.Count)
        {
            var end = Math.Min(start + Vector<int>.Count, logits.Length);
            if (end - start == Vector<int>.Count && !Vector.EqualsAny(new Vector<int>(_buckets, start), wanted))
            {
                continue;
            }

            for (var id = start; id < end; id++)
            {
                if (_buckets[id] == bucket)
                {
                    _keys[count++] = CandidateRanking.Key(logits[id], id);
                }
            }
        }

        return _keys.AsSpan(0, count);
    }

    /// <summary>How many of the best, in order, it takes to reach a sum or to go beyond it; those are at the front afterwards.</summary>
    private static (int Count, double Sum) Walk(Span<ulong> keys, ReadOnlySpan<float> weights, int most, double wanted, bool beyond)
    {
        var (count, sum) = (0, 0.0);
        for (var rounds = 0; keys.Length > Few && rounds < 64; rounds++)
        {
            var split = CandidateRanking.Partition(keys);
            var left = 0.0;
            foreach (var key in keys[..split])
            {
                left += weights[CandidateRanking.IdOf(key)];
            }

            if (count + split >= most || IsThere(sum + left))
            {
                keys = keys[..split];
            }
            else
            {
                (count, sum) = (count + split, sum + left);
                keys = keys[split..];
            }
        }

        keys.Sort();
        for (var i = 0; i < keys.Length && count < most && !IsThere(sum); i++)
        {
            sum += weights[CandidateRanking.IdOf(keys[i])];
            count++;
        }

        return (count, sum);

        bool IsThere(double reached) => beyond ? reached > wanted : reached >= wanted;
    }

    /// <param name="Bucket">Those of the buckets before are kept; <see cref="Buckets"/> where all are.</param>
    /// <param name="InBucket">How many of this one are.</param>
    /// <param name="Sum">The weights of all kept.</param>
    private readonly record struct Kept(int Bucket, int InBucket, double Sum);
}
