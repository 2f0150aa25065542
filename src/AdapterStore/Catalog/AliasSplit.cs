using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// What an alias means: one version, or two by weight.
/// <b>Semantics</b>: a request's key, hashed together with the alias, decides; so one key always gets the same version while the alias stays as it is, here and on every other server, and a weight
/// that grows moves keys in one direction only. The keys of different aliases are independent.
/// </summary>
internal sealed record AliasSplit(int First, int Weight, int? Second, int SecondWeight)
{
    public const int MaxWeight = 1_000_000;

    public bool Means(int number) => First == number || Second == number;

    /// <param name="alias">With the adapter and its tenant.</param>
    /// <param name="key">Null: the version with the greater weight, the first of two equal ones.</param>
    public int Choose(string alias, string? key)
    {
        if (Second is not { } second)
        {
            return First;
        }

        if (key is null)
        {
            return Weight >= SecondWeight ? First : second;
        }

        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(alias + "\0" + key));
        // In [0, 1), with the 53 bits that a double holds.
        var place = (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * (1.0 / (1UL << 53));
        return place * ((long)Weight + SecondWeight) < Weight ? First : second;
    }
}
