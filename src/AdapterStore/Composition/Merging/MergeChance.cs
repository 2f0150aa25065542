using System.Globalization;
using System.Text;

namespace AdapterServe.AdapterStore.Composition.Merging;

/// <summary>
/// What random pruning draws from: a number in [0, 1) for each element of one tensor, whatever else is merged and in whatever order.
/// <b>Semantics</b>: element i has mix(key + (i + 1) · 0x9E3779B97F4A7C15) / 2^64 to 53 bits; key = mix(seed) xor the FNV-1a hash, 64 bits, of "part/path/tensor" in UTF-8, parts
/// counted from 0, the tensor A, B or delta; mix is the finaliser of SplitMix64.
/// <b>Source</b>: Steele, Lea, Flood 2014; ours.
/// </summary>
internal readonly struct MergeChance
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private readonly ulong _key;

    public MergeChance(ulong seed, int part, string path, string tensor)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var letter in Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{part}/{path}/{tensor}")))
        {
            hash = (hash ^ letter) * 0x100000001B3;
        }

        _key = Mix(seed) ^ hash;
    }

    public bool Keeps(int element, double density) => (Mix(_key + (((ulong)element + 1) * Step)) >> 11) * (1.0 / (1UL << 53)) < density;

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
