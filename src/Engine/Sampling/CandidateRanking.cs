using System.Numerics;

namespace AdapterServe.Engine.Sampling;

/// <summary>
/// Orders tokens by logit, best first, ties to the smaller id, no further than asked. <b>Effects</b>: reuses its memory; allocates only where
/// a vocabulary is larger than any before.
/// </summary>
internal sealed class CandidateRanking
{
    private ulong[] _keys = [];
    private int _sorted;

    /// <summary>Tokens that can be drawn at all.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the best <paramref name="best"/> of the tokens whose logit is neither NaN nor -∞.</summary>
    public void Load(ReadOnlySpan<float> logits, int best)
    {
        if (_keys.Length < logits.Length)
        {
            _keys = new ulong[logits.Length];
        }

        Count = 0;
        _sorted = 0;
        int room = (int)Math.Min(logits.Length, Math.Max(4L * best, 1024));
        float threshold = float.NegativeInfinity;
        for (int start = 0; start < logits.Length; start += Vector<float>.Count)
        {
            int end = Math.Min(start + Vector<float>.Count, logits.Length);
            if (end - start == Vector<float>.Count && !Vector.GreaterThanAny(new Vector<float>(logits[start..]), new Vector<float>(threshold)))
            {
                continue;
            }

            for (int id = start; id < end; id++)
            {
                // Of equal logits the ones met before have smaller ids, so only a greater one can still be among the best.
                if (logits[id] > threshold)
                {
                    _keys[Count++] = Key(logits[id], id);
                    if (Count == room && best < room)
                    {
                        threshold = logits[DropWorse(best)];
                    }
                }
            }
        }

        if (Count > best)
        {
            DropWorse(best);
        }
    }

    /// <summary>Puts the best <paramref name="count"/> tokens in order at the front; what is in order already stays.</summary>
    public void Sort(int count)
    {
        count = Math.Min(count, Count);
        if (count <= _sorted)
        {
            return;
        }

        Span<ulong> rest = _keys.AsSpan(_sorted, Count - _sorted);
        Select(rest, count - _sorted);
        rest[..(count - _sorted)].Sort();
        _sorted = count;
    }

    public int this[int rank] => IdOf(_keys[rank]);

    internal static int IdOf(ulong key) => (int)(uint)key;

    // Smaller keys are better: descending logit in the upper half, ascending id in the lower.
    internal static ulong Key(float logit, int id)
    {
        // Adding zero makes -0 the same as +0.
        int bits = BitConverter.SingleToInt32Bits(logit + 0f);
        uint ascending = bits < 0 ? ~(uint)bits : (uint)bits | 0x80000000;
        return ((ulong)~ascending << 32) | (uint)id;
    }

    // Keeps the best ones and returns the least of them.
    private int DropWorse(int best)
    {
        Select(_keys.AsSpan(0, Count), best);
        Count = best;
        ulong worst = 0;
        foreach (ulong key in _keys.AsSpan(0, best))
        {
            worst = Math.Max(worst, key);
        }

        return (int)(uint)worst;
    }

    // Moves the smallest `count` keys to the front, in any order: quickselect, which turns to sorting when its pivots are poor.
    private static void Select(Span<ulong> keys, int count)
    {
        int rounds = 64;
        while (keys.Length > count && keys.Length > 32)
        {
            if (--rounds == 0)
            {
                keys.Sort();
                return;
            }

            int split = Partition(keys);
            if (count <= split)
            {
                keys = keys[..split];
            }
            else
            {
                keys = keys[split..];
                count -= split;
            }
        }

        if (keys.Length > count)
        {
            keys.Sort();
        }
    }

    // Hoare's partition around the median of three: [0, split) ≤ pivot ≤ [split, end), both not empty.
    internal static int Partition(Span<ulong> keys)
    {
        ulong first = keys[0];
        ulong middle = keys[keys.Length / 2];
        ulong last = keys[^1];
        ulong pivot = Math.Max(Math.Min(first, middle), Math.Min(Math.Max(first, middle), last));
        int left = -1;
        int right = keys.Length;
        while (true)
        {
            do
            {
                left++;
            }
            while (keys[left] < pivot);

            do
            {
                right--;
            }
            while (keys[right] > pivot);

            if (left >= right)
            {
                // Keys are distinct, so the pivot is neither the smallest nor alone on the left.
                return Math.Max(left, 1);
            }

            (keys[left], keys[right]) = (keys[right], keys[left]);
        }
    }
}
