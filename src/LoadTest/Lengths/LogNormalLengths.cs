using System.Globalization;
using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Lengths;

/// <summary>median · e^(σ·N(0,1)), rounded, within [1, <paramref name="most"/>]: what lies outside is put on the bound.</summary>
internal sealed class LogNormalLengths(double median, double sigma, int most) : ILengths
{
    public int Draw(ref SplitMix64 draws) => (int)Math.Clamp(Math.Round(median * Math.Exp(sigma * draws.NextNormal())), 1, most);

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"lognormal, median {median:0.#}, sigma {sigma:0.###}, at most {most}");
}
