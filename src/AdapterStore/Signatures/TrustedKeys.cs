using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Signatures;

/// <summary>
/// The file of trusted keys: a line for each, <c>name key</c> or <c>tenant/name key</c>, empty lines and lines that begin with <c>#</c> beside them.
/// A key is the base64 between the lines of
/// a PEM file, or that of its 32 bytes.
/// </summary>
internal static class TrustedKeys
{
    private const int MaxKeys = 1000;
    private const int MaxNameCharacters = 64;

    /// <summary>What stands before the key in a SubjectPublicKeyInfo (RFC 8410).</summary>
    private static readonly byte[] InfoPrefix = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

    /// <summary><b>Errors</b>: Conflict <c>trusted_keys</c>, with the line.</summary>
    public static IReadOnlyList<TrustedKey> Read(string path)
    {
        try
        {
            var keys = new List<TrustedKey>();
            var number = 0;
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (line.Trim() is { Length: > 0 } text && text[0] != '#')
                {
                    keys.Add(Parse(text) ?? throw Wrong($"line {number} of {path} is not a name and an Ed25519 public key in base64"));
                }
            }

            return keys.Count is > 0 and <= MaxKeys && keys.Select(key => (key.Tenant, key.Name)).Distinct().Count() == keys.Count
                ? keys
                : throw Wrong($"{path} must have 1 to {MaxKeys} keys with different names");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Wrong($"{path} can't be read", error);
        }
    }

    private static TrustedKey? Parse(string line)
    {
        if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) is not [var place, var text] || KeyOf(text) is not { } key)
        {
            return null;
        }

        var slash = place.IndexOf('/', StringComparison.Ordinal);
        var (tenant, name) = slash < 0 ? (null, place) : (place[..slash], place[(slash + 1)..]);
        var isName = name.Length is > 0 and <= MaxNameCharacters
            && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or '@');
        return isName && (tenant is null || AdapterNames.IsTenant(tenant)) ? new TrustedKey(name, tenant, key) : null;
    }

    private static byte[]? KeyOf(string text)
    {
        var bytes = new byte[InfoPrefix.Length + Ed25519.KeyBytes];
        return !Convert.TryFromBase64String(text, bytes, out var count) ? null
            : count == Ed25519.KeyBytes ? bytes[..count]
            : count == bytes.Length && bytes.AsSpan().StartsWith(InfoPrefix) ? bytes[InfoPrefix.Length..]
            : null;
    }

    private static AdapterStoreException Wrong(string what, Exception? inner = null) =>
        new(AdapterErrorKind.Conflict, "trusted_keys", $"--trusted-keys: {what}.", inner);
}
