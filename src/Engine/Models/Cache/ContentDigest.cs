using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace AdapterServe.Engine.Models.Cache;

/// <summary>
/// <b>Semantics</b>: SHA-256 of a file's content. A digest is remembered under the file's full path, size and times, so that gigabytes are read once.
/// <b>Effects</b>: writes one small file per digest into the cache folder; a damaged one is computed anew.
/// </summary>
internal sealed class ContentDigest(string cacheFolder, IProgress<ImportProgress>? progress, long totalBytes)
{
    private const int ChunkBytes = 1 << 22;
    private readonly string _folder = Path.Combine(cacheFolder, "digests");
    private long _doneBytes;

    public byte[] OfFile(string path, CancellationToken cancellation)
    {
        var info = new FileInfo(path);
        var key = string.Create(CultureInfo.InvariantCulture, $"{info.FullName}\n{info.Length}\n{info.LastWriteTimeUtc.Ticks}\n{info.CreationTimeUtc.Ticks}");
        var remembered = Path.Combine(_folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))));
        if (TryRecall(remembered) is { } digest)
        {
            Advance(info.Length);
            return digest;
        }

        digest = Compute(path, cancellation);
        Remember(remembered, digest);
        return digest;
    }

    private static byte[]? TryRecall(string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length != SHA256.HashSizeInBytes * 2)
        {
            return null;
        }

        var text = File.ReadAllText(path);
        return text.All(char.IsAsciiHexDigitLower) ? Convert.FromHexString(text) : null;
    }

    private byte[] Compute(string path, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        var buffer = new byte[ChunkBytes];
        for (int read; (read = stream.Read(buffer)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            hash.AppendData(buffer.AsSpan(0, read));
            Advance(read);
        }

        return hash.GetHashAndReset();
    }

    private void Remember(string path, byte[] digest)
    {
        Directory.CreateDirectory(_folder);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        File.WriteAllText(temporary, Convert.ToHexStringLower(digest));
        File.Move(temporary, path, overwrite: true);
    }

    private void Advance(long bytes)
    {
        _doneBytes += bytes;
        progress?.Report(new ImportProgress(ImportStage.Hashing, _doneBytes >> 20, totalBytes >> 20));
    }
}
