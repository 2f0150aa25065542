namespace AdapterServe.Engine.Sampling;

/// <summary>
/// A counter-based generator: each number depends on key and counter alone, so a draw can be repeated without the draws before it.
/// <b>Source</b>: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (2011), Philox4x32 with 10 rounds.
/// </summary>
internal static class Philox
{
    private const int Rounds = 10;

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, ulong position)
    {
        (uint first, uint second, _, _) = Generate((uint)position, (uint)(position >> 32), 0, 0, (uint)seed, (uint)(seed >> 32));
        return ((((ulong)second << 32) | first) >> 11) * (1.0 / (1UL << 53));
    }

    internal static (uint First, uint Second, uint Third, uint Fourth) Generate(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = 0xD2511F53UL * c0;
            ulong product1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return (c0, c1, c2, c3);
    }
}
