using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace AdapterServe.AdapterStore.Access;

/// <summary>The text of a key, <c>as-ID-SECRET</c>: 12 hexadecimal digits that name it, and 64 of 256 random bits that prove it.</summary>
internal static class KeyText
{
    public const string Mark = "as-";
    public const int SaltBytes = 16;

    private const int IdLength = 12;
    private const int SecretLength = 64;
    private const int Length = 3 + IdLength + 1 + SecretLength;

    private static readonly SearchValues<char> s_hex = SearchValues.Create("0123456789abcdef");

    public static string NewId() => RandomNumberGenerator.GetHexString(IdLength, lowercase: true);

    public static string NewSecret() => RandomNumberGenerator.GetHexString(SecretLength, lowercase: true);

    public static string Join(string id, string secret) => $"{Mark}{id}-{secret}";

    /// <summary>False for what is no key at all.</summary>
    public static bool TrySplit(ReadOnlySpan<char> text, out ReadOnlySpan<char> id, out ReadOnlySpan<char> secret)
    {
        id = secret = default;
        if (text.Length != Length || !text.StartsWith(Mark, StringComparison.Ordinal) || text[Mark.Length + IdLength] != '-')
        {
            return false;
        }

        id = text.Slice(Mark.Length, IdLength);
        secret = text[^SecretLength..];
        return IsHex(id) && IsHex(secret);
    }

    /// <summary>SHA-256 of salt and secret; a secret of 256 random bits needs no slower function. <b>Effects</b>: allocates nothing.</summary>
    public static void Hash(ReadOnlySpan<byte> salt, ReadOnlySpan<char> secret, Span<byte> hash)
    {
        Span<byte> input = stackalloc byte[SaltBytes + SecretLength];
        salt.CopyTo(input);
        Encoding.ASCII.GetBytes(secret, input[SaltBytes..]);
        SHA256.HashData(input, hash);
        CryptographicOperations.ZeroMemory(input);
    }

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(s_hex);
}
