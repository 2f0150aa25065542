namespace AdapterServe.LoadTest.Randomness;

/// <summary>
/// A stream of draws, the same on every machine and version of .NET for a seed. <b>Source</b>: Steele, Lea, Flood, "Fast splittable pseudorandom
/// number generators" (2014).
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    /// <summary>The stream of one aspect of one request: drawing more or less for one changes no other.</summary>
    public static SplitMix64 For(ulong seed, long index, Aspect aspect) => new(Mix(Mix(seed + Gamma) ^ (((ulong)index << 3) | (uint)aspect)));

    public ulong Next() => Mix(_state += Gamma);

    /// <summary>Uniform in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [<paramref name="from"/>, <paramref name="to"/>); the bias is below 2^-32.</summary>
    public int NextInt(int from, int to) => from + (int)Math.BigMul(Next(), (ulong)((long)to - from), out _);

    /// <summary>Of mean 1.</summary>
    public double NextExponential() => -Math.Log(1 - NextDouble());

    /// <summary>Of mean 0 and deviation 1, by Box and Muller.</summary>
    public double NextNormal() => Math.Sqrt(2 * NextExponential()) * Math.Cos(2 * Math.PI * NextDouble());

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
