using System.Globalization;
using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Lengths;

internal sealed class FixedLengths(int value) : ILengths
{
    public int Draw(ref SplitMix64 draws) => value;

    public string Describe() => value.ToString(CultureInfo.InvariantCulture);
}
