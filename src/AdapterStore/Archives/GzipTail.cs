using System.Buffers.Binary;

namespace AdapterServe.AdapterStore.Archives;

/// <summary>
/// Passes a gzip body on, counts it, and keeps its last bytes: there gzip states how much it unpacks to, which shows a body that was cut or has something behind it.
/// </summary>
internal sealed class GzipTail(ReadOnlyMemory<byte> head, Stream inner, long maxBytes) : ReadOnlyStream
{
    private readonly byte[] _tail = new byte[4];
    private ReadOnlyMemory<byte> _head = head;
    private long _total;

    public uint DeclaredBytes => BinaryPrimitives.ReadUInt32LittleEndian(_tail);

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read;
        if (_head.Length > 0)
        {
            read = Math.Min(_head.Length, buffer.Length);
            _head[..read].CopyTo(buffer);
            _head = _head[read..];
        }
        else
        {
            read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        Keep(buffer.Span[..read]);
        _total += read;
        return _total <= maxBytes ? read : throw LimitedCopy.TooLarge(maxBytes);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var kept = Math.Max(0, _tail.Length - bytes.Length);
        _tail.AsSpan(_tail.Length - kept).CopyTo(_tail);
        bytes[^(_tail.Length - kept)..].CopyTo(_tail.AsSpan(kept));
    }
}
