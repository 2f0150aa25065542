namespace AdapterServe.AdapterStore.Archives;

/// <summary>Holds an unpacked zip entry to the length and the CRC-32 that the archive declares. Owns the inner stream.</summary>
internal sealed class CheckedStream(Stream inner, long length, uint crc) : ReadOnlyStream
{
    private readonly Crc32 _crc = new();
    private long _read;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _read += read;
        _crc.Append(buffer.Span[..read]);
        if (_read > length || (read == 0 && buffer.Length > 0 && (_read != length || _crc.Value != crc)))
        {
            throw StoreErrors.Malformed("zip_checksum", "An entry of the zip archive has another length or checksum than the archive declares.");
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
