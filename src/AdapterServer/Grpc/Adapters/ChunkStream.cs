using AdapterServe.AdapterServer.Errors;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Adapters;

/// <summary>
/// The chunks of one file as a stream: ends before the first message that is no chunk, which stays the current one. <b>Errors</b>: 400 where fewer or more bytes come than were
/// announced.
/// </summary>
internal sealed class ChunkStream(UploadParts parts, long? expectedBytes) : Stream
{
    private ReadOnlyMemory<byte> _chunk;
    private long _read;
    private bool _hasEnded;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_chunk.IsEmpty)
        {
            // The message behind the last chunk is another's.
            if (_hasEnded)
            {
                return 0;
            }

            if (!await parts.MoveNextAsync(cancellationToken).ConfigureAwait(false) || parts.Current!.PartCase != Wire.UploadRequest.PartOneofCase.Chunk)
            {
                _hasEnded = true;
                return expectedBytes is { } bytes && bytes != _read ? throw WrongLength() : 0;
            }

            _chunk = parts.Current.Chunk.Memory;
        }

        var count = Math.Min(buffer.Length, _chunk.Length);
        _chunk[..count].CopyTo(buffer);
        _chunk = _chunk[count..];
        _read += count;
        return expectedBytes is { } most && _read > most ? throw WrongLength() : count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Chunks come asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private ApiException WrongLength() => ApiException.Invalid("bytes", $"The chunks have {_read} bytes so far, and {expectedBytes} were announced.");
}
