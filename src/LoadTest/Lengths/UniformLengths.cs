using System.Globalization;
using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Lengths;

/// <summary>Each of <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
internal sealed class UniformLengths(int least, int most) : ILengths
{
    public int Draw(ref SplitMix64 draws) => draws.NextInt(least, most + 1);

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"uniform {least} to {most}");
}
