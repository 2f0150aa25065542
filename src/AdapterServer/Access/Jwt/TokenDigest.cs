using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>SHA-256 of a whole token, its signature included.</summary>
internal readonly record struct TokenDigest(ulong A, ulong B, ulong C, ulong D)
{
    private const int OnStack = 2048;

    public static TokenDigest Of(string token)
    {
        var most = Encoding.UTF8.GetMaxByteCount(token.Length);
        var text = most <= OnStack ? stackalloc byte[OnStack] : new byte[most];
        Span<ulong> digest = stackalloc ulong[4];
        SHA256.HashData(text[..Encoding.UTF8.GetBytes(token, text)], MemoryMarshal.AsBytes(digest));
        return new TokenDigest(digest[0], digest[1], digest[2], digest[3]);
    }
}
