using System.Security.Cryptography;

namespace AdapterServe.AdapterStore.Access;

/// <summary>What is remembered of a secret.</summary>
internal sealed record KeySecret(byte[] Salt, byte[] Hash)
{
    public static KeySecret Of(string secret)
    {
        var salt = RandomNumberGenerator.GetBytes(KeyText.SaltBytes);
        var hash = new byte[SHA256.HashSizeInBytes];
        KeyText.Hash(salt, secret, hash);
        return new KeySecret(salt, hash);
    }

    /// <summary>One that nothing proves.</summary>
    public static KeySecret OfNobody() => Of(KeyText.NewSecret());

    /// <summary>Takes the same time whether it is right or not.</summary>
    public bool IsProvenBy(ReadOnlySpan<char> secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        KeyText.Hash(Salt, secret, hash);
        return CryptographicOperations.FixedTimeEquals(hash, Hash);
    }
}
