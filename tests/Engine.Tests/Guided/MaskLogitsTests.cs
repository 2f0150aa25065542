using AdapterServe.Engine.Guided;

namespace AdapterServe.Engine.Tests.Guided;

public sealed class MaskLogitsTests
{
    [Fact]
    public void Logits_without_a_bit_are_banned_and_the_others_keep_their_bits()
    {
        var random = new Random(7);
        for (var size = 1; size < 300; size++)
        {
            var mask = new ulong[(size + 63) / 64];
            for (var i = 0; i < mask.Length; i++)
            {
                mask[i] = random.Next(4) switch { 0 => 0, 1 => ulong.MaxValue, _ => (ulong)random.NextInt64() };
            }

            var logits = Enumerable.Range(0, size + random.Next(-1, 9)).Select(i => i % 11 == 0 ? float.NaN : -i).ToArray();
            var expected = logits.Select((logit, id) => id < size && (mask[id / 64] >> (id % 64)) % 2 == 1 ? logit : float.NegativeInfinity).ToArray();
            MaskLogits.Apply(mask, size, logits);
            Assert.Equal(expected, logits);
        }
    }
}
