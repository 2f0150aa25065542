using System.Runtime.Intrinsics;

namespace AdapterServe.Engine.Guided;

/// <summary>Logits of tokens without a bit become -∞. Allocates nothing.</summary>
internal static class MaskLogits
{
    private static readonly Vector256<float> s_banned = Vector256.Create(float.NegativeInfinity);
    private static readonly Vector256<int> s_bits = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);

    /// <summary><b>Shapes</b>: mask [⌈size / 64⌉], logits [V]; those from <paramref name="size"/> on have no bit.</summary>
    public static void Apply(ReadOnlySpan<ulong> mask, int size, Span<float> logits)
    {
        var known = Math.Min(size, logits.Length);
        for (var word = 0; word * 64 < known; word++)
        {
            var some = logits[(word * 64)..Math.Min((word + 1) * 64, known)];
            if (mask[word] == 0)
            {
                some.Fill(float.NegativeInfinity);
            }
            else if (mask[word] != ulong.MaxValue)
            {
                Apply(mask[word], some);
            }
        }

        logits[known..].Fill(float.NegativeInfinity);
    }

    private static void Apply(ulong bits, Span<float> logits)
    {
        var done = 0;
        for (; done + Vector256<float>.Count <= logits.Length; done += Vector256<float>.Count)
        {
            var eight = Vector256.Create((int)(bits >> done) & 0xFF);
            var isAllowed = Vector256.Equals(eight & s_bits, s_bits).AsSingle();
            Vector256.ConditionalSelect(isAllowed, Vector256.Create<float>(logits[done..]), s_banned).CopyTo(logits[done..]);
        }

        for (; done < logits.Length; done++)
        {
            logits[done] = (bits & (1UL << done)) != 0 ? logits[done] : float.NegativeInfinity;
        }
    }
}
