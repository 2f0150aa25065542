using System.Buffers.Binary;
using Google.Protobuf;

namespace AdapterServe.Client.Grpc;

/// <summary>A stream's messages, each behind a byte that says whether it is compressed and four of length. What is read is valid until the next is.</summary>
internal sealed class GrpcFrames(Stream stream)
{
    public const string ContentType = "application/grpc";

    private const int HeaderBytes = 5;
    private const int MaxBytes = 64 << 20;

    private byte[] _buffer = new byte[8 << 10];
    private int _start;
    private int _end;

    public static byte[] Of(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = new byte[HeaderBytes + size];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), size);
        message.WriteTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>Null behind the last. <b>Errors</b>: <see cref="InvalidDataException"/> for one that is compressed, cut off or larger than 64 MiB.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        if (!await FillAsync(HeaderBytes, cancellation).ConfigureAwait(false))
        {
            return _start == _end ? null : throw new InvalidDataException("The answer ended within a message.");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1));
        if (_buffer[_start] != 0 || length > MaxBytes)
        {
            throw new InvalidDataException("A message of the answer is compressed, which was not asked for, or larger than 64 MiB.");
        }

        var whole = HeaderBytes + (int)length;
        if (!await FillAsync(whole, cancellation).ConfigureAwait(false))
        {
            throw new InvalidDataException("The answer ended within a message.");
        }

        var payload = _buffer.AsMemory(_start + HeaderBytes, (int)length);
        _start += whole;
        return payload;
    }

    /// <summary>Has so many bytes in the buffer, or says that they don't come.</summary>
    private async ValueTask<bool> FillAsync(int bytes, CancellationToken cancellation)
    {
        if (_end - _start >= bytes)
        {
            return true;
        }

        _buffer.AsSpan(_start.._end).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        while (_end < bytes)
        {
            if (_end == _buffer.Length)
            {
                // A length is only a claim: room grows with what really comes.
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }

            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation).ConfigureAwait(false);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }
}
