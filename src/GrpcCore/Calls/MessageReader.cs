using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>
/// Reads a call's messages: a byte that says whether it is compressed, four bytes of length, the message. <b>Errors</b>: <see cref="RpcException"/> ResourceExhausted for one
/// over the limit, before its bytes are waited for; Internal for malformed ones; Unimplemented for an unknown encoding.
/// </summary>
internal sealed class MessageReader
{
    private const int HeaderBytes = 5;

    private readonly PipeReader _body;
    private readonly MethodOptions _options;
    private readonly ICompressionProvider? _encoding;
    private readonly PayloadReader _payload = new();

    public MessageReader(PipeReader body, MethodOptions options, string? encoding)
    {
        (_body, _options) = (body, options);
        if (!string.IsNullOrEmpty(encoding) && encoding != GrpcProtocol.Identity && !options.Compressions.TryGetValue(encoding, out _encoding))
        {
            throw new RpcException(
                new Status(StatusCode.Unimplemented, "The request's encoding is not known; grpc-accept-encoding lists those that are."),
                new Metadata { { GrpcProtocol.AcceptEncoding, options.AcceptEncoding } });
        }
    }

    /// <summary>The next message, or null at the end of the stream.</summary>
    public async ValueTask<T?> ReadAsync<T>(Func<DeserializationContext, T> deserialize, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            var result = await _body.ReadAsync(cancellationToken).ConfigureAwait(false);
            var (start, examined) = (result.Buffer.Start, result.Buffer.End);
            try
            {
                if (TryTake(result.Buffer, out var isCompressed, out var payload))
                {
                    start = examined = payload.End;
                    return Deserialize(deserialize, payload, isCompressed);
                }

                if (result.IsCompleted || result.IsCanceled)
                {
                    return result.Buffer.IsEmpty ? null : throw Malformed("The request ended within a message.");
                }
            }
            finally
            {
                _body.AdvanceTo(start, examined);
            }
        }
    }

    /// <summary>The only message. <b>Errors</b>: Internal also where there is none, or something behind it.</summary>
    public async ValueTask<T> ReadSingleAsync<T>(Func<DeserializationContext, T> deserialize, CancellationToken cancellationToken)
        where T : class
    {
        var message = await ReadAsync(deserialize, cancellationToken).ConfigureAwait(false) ?? throw Malformed("The request has no message.");
        while (true)
        {
            var result = await _body.ReadAsync(cancellationToken).ConfigureAwait(false);
            var isEmpty = result.Buffer.IsEmpty;
            _body.AdvanceTo(result.Buffer.End);
            if (!isEmpty)
            {
                throw Malformed("The request has more than one message.");
            }

            if (result.IsCompleted)
            {
                return message;
            }
        }
    }

    private static RpcException Malformed(string detail) => new(new Status(StatusCode.Internal, detail));

    private static RpcException TooLarge(int limit) =>
        new(new Status(StatusCode.ResourceExhausted, $"The message is larger than the limit of {limit} bytes."));

    private bool TryTake(ReadOnlySequence<byte> buffer, out bool isCompressed, out ReadOnlySequence<byte> payload)
    {
        (isCompressed, payload) = (false, default);
        if (buffer.Length < HeaderBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        isCompressed = header[0] switch { 0 => false, 1 => true, _ => throw Malformed("A message begins with neither 0 nor 1.") };
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > (uint)(_options.MaxReceiveMessageSize ?? int.MaxValue))
        {
            throw TooLarge(_options.MaxReceiveMessageSize ?? int.MaxValue);
        }

        if (buffer.Length - HeaderBytes < length)
        {
            return false;
        }

        payload = buffer.Slice(HeaderBytes, length);
        return true;
    }

    private T Deserialize<T>(Func<DeserializationContext, T> deserialize, ReadOnlySequence<byte> payload, bool isCompressed)
    {
        _payload.Set(isCompressed ? Decompress(payload) : payload);
        try
        {
            return deserialize(_payload);
        }
        catch (Exception e) when (e is not RpcException)
        {
            // Whatever a parser throws, the cause is the message.
            throw new RpcException(new Status(StatusCode.Internal, "The message is not of its type.", e));
        }
    }

    private ReadOnlySequence<byte> Decompress(ReadOnlySequence<byte> payload)
    {
        var provider = _encoding ?? throw Malformed("A message says that it is compressed, and the request names no encoding.");
        var limit = _options.MaxReceiveMessageSize ?? int.MaxValue - HeaderBytes;
        try
        {
            using var source = new MemoryStream(payload.ToArray(), writable: false);
            using var stream = provider.CreateDecompressionStream(source);
            var whole = new ArrayBufferWriter<byte>();
            int read;
            while ((read = stream.Read(whole.GetSpan())) > 0)
            {
                whole.Advance(read);
                if (whole.WrittenCount > limit)
                {
                    throw TooLarge(limit);
                }
            }

            return new ReadOnlySequence<byte>(whole.WrittenMemory);
        }
        catch (InvalidDataException e)
        {
            throw new RpcException(new Status(StatusCode.Internal, "A message's compressed bytes are malformed.", e));
        }
    }
}
