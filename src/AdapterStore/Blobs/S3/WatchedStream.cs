using AdapterServe.AdapterStore.Archives;

namespace AdapterServe.AdapterStore.Blobs.S3;

/// <summary>Tells of every read that brought something.</summary>
internal sealed class WatchedStream(Stream inner, Action progress) : ReadOnlyStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        progress();
        return read;
    }
}
