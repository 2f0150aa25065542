namespace AdapterServe.Bench.Models;

/// <summary>Normal deviates by Box and Muller over SplitMix64: the same on every machine for a seed, and fast enough for gigabytes.</summary>
internal struct NormalGenerator(ulong seed)
{
    private ulong _state = seed;

    public void Fill(Span<float> values, float deviation)
    {
        for (var i = 0; i < values.Length; i += 2)
        {
            var bits = Next();
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

    private ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
