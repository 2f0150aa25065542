using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Lengths;

/// <summary>A distribution of whole numbers: tokens of a prompt or an answer, milliseconds of a pause.</summary>
internal interface ILengths
{
    int Draw(ref SplitMix64 draws);

    string Describe();
}
