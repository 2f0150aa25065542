namespace AdapterServe.AdapterStore.Archives;

/// <summary>A tar body read front to back, counted. <b>Errors</b>: Malformed where it ends too early.</summary>
internal sealed class TarStream(Stream inner)
{
    public long Total { get; private set; }

    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Total += read;
        return read;
    }

    public async ValueTask ReadExactlyAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = await inner.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        Total += read;
        if (read < buffer.Length)
        {
            throw Cut();
        }
    }

    public ValueTask SkipPaddingAsync(long size, CancellationToken cancellationToken) =>
        ReadExactlyAsync(new byte[(int)(-size & (TarHeader.Bytes - 1))], cancellationToken);

    /// <summary>The next bytes as a stream of their own.</summary>
    public Stream Entry(long size) => new EntryStream(this, size);

    private static AdapterStoreException Cut() => StoreErrors.Malformed("tar_damaged", "The tar archive ends too early.");

    private sealed class EntryStream(TarStream tar, long size) : ReadOnlyStream
    {
        private long _left = size;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0 || buffer.IsEmpty)
            {
                return 0;
            }

            var read = await tar.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken).ConfigureAwait(false);
            _left -= read;
            return read > 0 ? read : throw Cut();
        }
    }
}
