namespace AdapterServe.Engine.Guided;

/// <summary>Logits of tokens without a bit become -∞. Allocates nothing.</summary>
internal static class MaskLogits
{
    /// <summary><b>Shapes</b>: mask [⌈size / 64⌉], logits [V]; those from <paramref name="size"/> on have no bit.</summary>
    public static void Apply(ReadOnlySpan<ulong> mask, int size, Span<float> logits)
    {
        var known = Math.Min(size, logits.Length);
        for (var word = 0; word * 64 < known; word++)
        {
            var bits = mask[word];
            var some = logits[(word * 64)..Math.Min((word + 1) * 64, known)];
            if (bits == 0)
            {
                some.Fill(float.NegativeInfinity);
            }
            else if (bits != ulong.MaxValue)
            {
                for (var i = 0; i < some.Length; i++)
                {
                    some[i] = (bits & (1UL << i)) != 0 ? some[i] : float.NegativeInfinity;
                }
            }
        }

        logits[known..].Fill(float.NegativeInfinity);
    }
}
