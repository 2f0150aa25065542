namespace AdapterServe.Kernels.Reference;

/// <summary>Row by row and head by head, as the semantics read; sums and softmax in double.</summary>
internal static class AttentionPrompt
{
    /// <summary>
    /// <b>Shapes</b>: query and y one row [heads, size]; keys and values [count, kv heads, size]; cos and sin of the row's position [rotary / 2].
    /// </summary>
    public static void Add(
        ReadOnlySpan<float> query, Span<double> y, int heads, int kvHeads, int size, float[] keys, float[] values, float gate,
        ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        var count = keys.Length / (kvHeads * size);
        for (var head = 0; head < heads; head++)
        {
            var rotated = Rotate(query.Slice(head * size, size), cos, sin);
            var kvHead = head / (heads / kvHeads);
            var weights = new double[count];
            for (var j = 0; j < count; j++)
            {
                for (var i = 0; i < size; i++)
                {
                    weights[j] += rotated[i] * keys[(((j * kvHeads) + kvHead) * size) + i] / Math.Sqrt(size);
                }
            }

            var greatest = weights.Max();
            var total = weights.Sum(weight => Math.Exp(weight - greatest));
            for (var j = 0; j < count; j++)
            {
                for (var i = 0; i < size; i++)
                {
                    y[(head * size) + i] += gate * Math.Exp(weights[j] - greatest) / total * values[(((j * kvHeads) + kvHead) * size) + i];
                }
            }
        }
    }

    private static double[] Rotate(ReadOnlySpan<float> head, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        var result = new double[head.Length];
        for (var i = 0; i < head.Length; i++)
        {
            result[i] = head[i];
        }

        for (var i = 0; i < cos.Length; i++)
        {
            double a = head[i], b = head[cos.Length + i];
            result[i] = (a * cos[i]) - (b * sin[i]);
            result[cos.Length + i] = (b * cos[i]) + (a * sin[i]);
        }

        return result;
    }
}
