using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>Normal deviates by Box and Muller in floats: the same on every machine for a seed, and fast enough for gigabytes.</summary>
internal struct NormalGenerator(ulong seed)
{
    private SplitMix64 _draws = new(seed);

    public void Fill(Span<float> values, float deviation)
    {
        for (var i = 0; i < values.Length; i += 2)
        {
            var bits = _draws.Next();
            var first = ((uint)(bits >> 40) + 1) * (1f / (1 << 24));
            var second = (uint)(bits & 0xFFFFFF) * (1f / (1 << 24));
            var radius = deviation * MathF.Sqrt(-2 * MathF.Log(first));
            var (sin, cos) = MathF.SinCos(2 * MathF.PI * second);
            values[i] = radius * cos;
            if (i + 1 < values.Length)
            {
                values[i + 1] = radius * sin;
            }
        }
    }
}
