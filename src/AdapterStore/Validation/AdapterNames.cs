using System.Text.RegularExpressions;

namespace AdapterServe.AdapterStore.Validation;

/// <summary>Which names the store takes for adapters, tenants, aliases and files.</summary>
public static partial class AdapterNames
{
    /// <summary>Readable by every tenant.</summary>
    public const string SharedTenant = "shared";

    private static readonly string[] ArchiveExtensions = [".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst", ".lz4", ".jar", ".whl"];

    internal static void RequireAdapterName(string name, string baseId)
    {
        if (!NamePattern().IsMatch(name))
        {
            throw StoreErrors.Malformed("invalid_name", "An adapter's name has 1 to 128 characters of a-z, 0-9, '.', '_', '-' and begins with a letter or digit.");
        }

        if (string.Equals(name, baseId, StringComparison.OrdinalIgnoreCase))
        {
            throw StoreErrors.Unservable("name_is_base", $"'{name}' is the base model's name; choose another one for the adapter.");
        }

        if (name == "auto")
        {
            throw StoreErrors.Unservable("name_reserved", "'auto' is reserved for routing; choose another name for the adapter.");
        }
    }

    /// <summary>Whether it can be a tenant's name: 1 to 128 characters of a-z, 0-9, '.', '_', '-', the first a letter or digit.</summary>
    public static bool IsTenant(string tenant) => NamePattern().IsMatch(tenant);

    internal static void RequireTenant(string tenant)
    {
        if (!IsTenant(tenant))
        {
            throw StoreErrors.Malformed("invalid_tenant", "A tenant's name has 1 to 128 characters of a-z, 0-9, '.', '_', '-' and begins with a letter or digit.");
        }
    }

    /// <summary>An alias is a name that no version number or digest can be mistaken for.</summary>
    internal static void RequireAlias(string alias)
    {
        if (!NamePattern().IsMatch(alias) || alias.All(char.IsAsciiDigit))
        {
            throw StoreErrors.Malformed("invalid_alias", "An alias has 1 to 128 characters of a-z, 0-9, '.', '_', '-', begins with a letter or digit and is not a number.");
        }
    }

    /// <summary>Labels are named like Kubernetes' ones, with values of the same characters, or empty.</summary>
    internal static void RequireLabel(string name, string value)
    {
        if (!LabelPattern().IsMatch(name) || (value.Length > 0 && !LabelPattern().IsMatch(value)))
        {
            throw StoreErrors.Malformed(
                "invalid_label", $"'{Shorten(name)}={Shorten(value)}' is no label: names and values have 1 to 128 characters of A-Z, a-z, 0-9, '.', '_', '-', '/' and begin with a letter or digit; a value may be empty.");
        }
    }

    internal static void RequireFileName(string fileName)
    {
        if (fileName.AsSpan().IndexOfAny('/', '\\') >= 0 || fileName is "." or "..")
        {
            throw StoreErrors.Malformed("file_path", $"'{Shorten(fileName)}' is a path; send files by their bare names.");
        }

        if (!FileNamePattern().IsMatch(fileName))
        {
            throw StoreErrors.Malformed(
                "invalid_file_name", $"'{Shorten(fileName)}' is not a file name that an adapter may have: 1 to 200 characters of A-Z, a-z, 0-9, '.', '_', '-', not beginning with '.'.");
        }

        if (ArchiveExtensions.Any(extension => fileName.EndsWith(extension, StringComparison.OrdinalIgnoreCase)))
        {
            throw NestedArchive(fileName);
        }
    }

    /// <summary>Refuses content that is an archive whatever its name says. Torch's own container is a zip, so its extensions are let through.</summary>
    internal static void RequireNoArchive(string fileName, ReadOnlySpan<byte> head)
    {
        var torch = Path.GetExtension(fileName) is ".bin" or ".pt" or ".pth" or ".ckpt";
        var archive = (!torch && head.StartsWith("PK\x03\x04"u8))
            || head is [0x1f, 0x8b, 0x08, ..]
            || head is [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C, ..]
            || head.StartsWith("Rar!\x1a"u8)
            || head.StartsWith("BZh"u8)
            || head is [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..]
            || head is [0x28, 0xB5, 0x2F, 0xFD, ..]
            || (head.Length >= 262 && head[257..].StartsWith("ustar"u8));
        if (archive)
        {
            throw NestedArchive(fileName);
        }
    }

    internal static string Shorten(string text) => Plain(text.Length <= 80 ? text : text[..80] + "…");

    /// <summary>Without what would break a line or a log.</summary>
    internal static string Plain(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = char.IsControl(source[i]) || char.IsSurrogate(source[i]) ? '?' : source[i];
        }
    });

    private static AdapterStoreException NestedArchive(string fileName) =>
        StoreErrors.Malformed("nested_archive", $"'{Shorten(fileName)}' is an archive inside the upload; send the adapter's files themselves.");

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelPattern();

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}\z", RegexOptions.CultureInvariant)]
    private static partial Regex FileNamePattern();
}
