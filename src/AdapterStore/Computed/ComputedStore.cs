using System.Security.Cryptography;
using System.Text;
using AdapterServe.AdapterStore.Blobs;

namespace AdapterServe.AdapterStore.Computed;

/// <summary>
/// Computed values on disk: <c>computed/&lt;digest&gt;-&lt;hash&gt;</c> holds those of one adapter on one base.
/// <b>Semantics</b>: a cache and no more. A file that is missing, cut, damaged or of another key is computed again; the oldest files go when all together exceed the limit; a disk that is full
/// or read-only costs time, never a load.
/// <b>Effects</b>: any thread; a file appears by one rename.
/// </summary>
internal sealed class ComputedStore
{
    private const string Prefix = "sha256:";
    private const string Unfinished = ".tmp";

    /// <summary>Of the limit: so that one adapter does not displace all others.</summary>
    private const int LargestShare = 4;

    private readonly Lock _gate = new();
    private readonly string _folder;
    private readonly string _baseFingerprint;
    private readonly long _maxBytes;

    public ComputedStore(AdapterStoreOptions options, string baseFingerprint)
    {
        _folder = Path.Combine(options.DataDirectory, "computed");
        _baseFingerprint = baseFingerprint;
        _maxBytes = options.ComputedBytes;
        FileSystem.CreateFolder(_folder);
        foreach (var leftover in Directory.EnumerateFiles(_folder, "*" + Unfinished))
        {
            Try(() => File.Delete(leftover));
        }
    }

    private long MaxFileBytes => _maxBytes / LargestShare;

    /// <summary>What earlier loads kept; empty where there is nothing sound.</summary>
    public ComputedValues Open(string digest)
    {
        var values = new ComputedValues(MaxFileBytes);
        var path = PathOf(digest);
        Try(() =>
        {
            var file = new FileInfo(path);
            if (file.Exists && (file.Length > MaxFileBytes + (1 << 20) || !ComputedFile.TryRead(File.ReadAllBytes(path), KeyOf(digest), values)))
            {
                file.Delete();
            }
        });
        return values;
    }

    /// <summary>Keeps what was computed, if anything was.</summary>
    public void Save(string digest, ComputedValues values)
    {
        if (!values.HasNew)
        {
            return;
        }

        Try(() =>
        {
            var path = PathOf(digest);
            var temporary = Path.Combine(_folder, Guid.NewGuid().ToString("N") + Unfinished);
            try
            {
                File.WriteAllBytes(temporary, ComputedFile.Write(KeyOf(digest), values));
                File.Move(temporary, path, overwrite: true);
            }
            finally
            {
                File.Delete(temporary);
            }

            RemoveOldest();
        });
    }

    /// <summary>Forgets a content, on every base.</summary>
    public void Remove(string digest) => Try(() =>
    {
        foreach (var path in Directory.EnumerateFiles(_folder, HexOf(digest) + "-*"))
        {
            File.Delete(path);
        }
    });

    /// <summary>Nobody may fail for want of a cache.</summary>
    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Then the values are computed again.
        }
    }

    /// <summary>Without what may follow the content's hash.</summary>
    private static string HexOf(string digest) => string.Concat(digest[(digest.StartsWith(Prefix, StringComparison.Ordinal) ? Prefix.Length : 0)..].TakeWhile(char.IsAsciiHexDigit));

    private string KeyOf(string digest) => digest + "\n" + _baseFingerprint;

    private string PathOf(string digest) =>
        Path.Combine(_folder, $"{HexOf(digest)}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(KeyOf(digest))).AsSpan(0, 8))}");

    private void RemoveOldest()
    {
        lock (_gate)
        {
            var files = new DirectoryInfo(_folder).GetFiles().OrderBy(file => file.LastWriteTimeUtc).ThenBy(file => file.Name, StringComparer.Ordinal).ToList();
            var bytes = files.Sum(file => file.Length);
            foreach (var file in files.TakeWhile(_ => bytes > _maxBytes))
            {
                bytes -= file.Length;
                file.Delete();
            }
        }
    }
}
