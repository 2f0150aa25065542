using System.Security.Cryptography;
using System.Text;
using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>
/// The name of a content.
/// <b>Semantics</b>: SHA-256 over one line a file, sorted by name: name, length, SHA-256 of the content; then one with the approximation, where one
/// is asked for.
/// </summary>
internal static class ContentDigest
{
    public const string Prefix = "sha256:";

    public static string Of(IEnumerable<StagedFile> files, LowerOption? lower)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Name}\0{file.Bytes}\0{Convert.ToHexStringLower(file.Sha256.AsSpan())}\n"));
        }

        if (lower is not null)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\0lower\0{lower}\n"));
        }

        return Prefix + Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Of files on the disk, read anew.</summary>
    public static string Of(AdapterFiles files) => Of(files.Names.Select(name => Read(name, files.PathOf(name))), files.Lower);

    public static string HexOf(string digest) =>
        digest.StartsWith(Prefix, StringComparison.Ordinal) ? digest[Prefix.Length..] : throw new ArgumentException("Not a digest.", nameof(digest));

    private static StagedFile Read(string name, string path)
    {
        using var content = File.OpenRead(path);
        return new StagedFile(name, content.Length, [.. SHA256.HashData(content)]);
    }
}
