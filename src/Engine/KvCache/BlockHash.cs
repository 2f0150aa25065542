using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace AdapterServe.Engine.KvCache;

/// <summary>
/// Names the content of a full block and of all blocks before it: SHA-256 over the parent's hash and the block's tokens.
/// <b>Semantics</b>: equal hashes mean equal tenant, equal tokens from the sequence's start and the same adapter in effect at each of them: the chain's root holds
/// the tenant and the first adapter, and a block in which another one begins is named by that too.
/// A cryptographic hash, because a collision would show one tenant another's keys and values.
/// </summary>
internal readonly record struct BlockHash(ulong A, ulong B, ulong C, ulong D)
{
    private const int HashBytes = 32;

    /// <summary>The root of a chain: what is in effect before any token. <paramref name="adapterDigest"/> is null for the base.</summary>
    public static BlockHash Root(string tenant, string? adapterDigest)
    {
        var tenantBytes = Encoding.UTF8.GetBytes(tenant);
        var digestBytes = Encoding.UTF8.GetBytes(adapterDigest ?? "");
        var input = new byte[sizeof(int) + tenantBytes.Length + digestBytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(input, tenantBytes.Length);
        tenantBytes.CopyTo(input, sizeof(int));
        digestBytes.CopyTo(input, sizeof(int) + tenantBytes.Length);
        return Of(input);
    }

    /// <summary>The hash of the block that follows this one and holds <paramref name="tokens"/>. Allocates nothing.</summary>
    public BlockHash Next(ReadOnlySpan<int> tokens)
    {
        Span<byte> input = stackalloc byte[HashBytes + tokens.Length * sizeof(int)];
        var words = MemoryMarshal.Cast<byte, ulong>(input[..HashBytes]);
        (words[0], words[1], words[2], words[3]) = (A, B, C, D);
        MemoryMarshal.AsBytes(tokens).CopyTo(input[HashBytes..]);
        return Of(input);
    }

    /// <summary>The same content, up to the block in which another adapter takes over at its <paramref name="offset"/>-th token. Allocates nothing.</summary>
    public BlockHash Switch(in BlockHash adapter, int offset)
    {
        Span<ulong> input = stackalloc ulong[9];
        (input[0], input[1], input[2], input[3]) = (A, B, C, D);
        (input[4], input[5], input[6], input[7]) = (adapter.A, adapter.B, adapter.C, adapter.D);
        // No token has this id, so a switch is never some block's tokens.
        input[8] = (1UL << 63) | (uint)offset;
        return Of(MemoryMarshal.AsBytes(input));
    }

    /// <summary>An adapter's digest, for <see cref="Switch"/>; null is the base.</summary>
    public static BlockHash OfDigest(string? digest) => Of(Encoding.UTF8.GetBytes(digest ?? ""));

    public override int GetHashCode() => (int)A;

    private static BlockHash Of(ReadOnlySpan<byte> input)
    {
        Span<ulong> words = stackalloc ulong[HashBytes / sizeof(ulong)];
        SHA256.HashData(input, MemoryMarshal.AsBytes(words));
        return new BlockHash(words[0], words[1], words[2], words[3]);
    }
}
