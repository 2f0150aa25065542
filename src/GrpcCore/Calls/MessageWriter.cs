using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Pipelines;
using Grpc.Core;
using Grpc.Net.Compression;
using Microsoft.AspNetCore.Http;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>Writes a call's messages. <b>Errors</b>: <see cref="RpcException"/> ResourceExhausted for one over the limit.</summary>
/// <param name="output">Of the response; nothing is flushed here.</param>
/// <param name="maxBytes">Of a message before compression, or null.</param>
/// <param name="encoding">Null for none.</param>
/// <param name="level">Null is the provider's.</param>
internal sealed class MessageWriter(PipeWriter output, int? maxBytes, ICompressionProvider? encoding, CompressionLevel? level)
{
    private const int HeaderBytes = 5;

    private readonly PayloadWriter _payload = new(HeaderBytes);

    /// <summary>Whether there is a message, sent or not.</summary>
    public bool HasWritten { get; private set; }

    /// <summary>With the encoding that the client takes and the service wants, which the headers tell.</summary>
    public static MessageWriter Of(HttpContext http, MethodOptions options)
    {
        var encoding = options.ResponseCompression is { } wanted && Accepts(http.Request, wanted.EncodingName) ? wanted : null;
        if (encoding is not null)
        {
            http.Response.Headers[GrpcProtocol.Encoding] = encoding.EncodingName;
        }

        return new MessageWriter(http.Response.BodyWriter, options.MaxSendMessageSize, encoding, options.ResponseCompressionLevel);
    }

    public void Write<T>(T message, Action<T, SerializationContext> serialize, WriteFlags flags)
    {
        _payload.Begin();
        serialize(message, _payload);
        var payload = _payload.Payload;
        if (payload.Length > maxBytes)
        {
            throw new RpcException(new Status(StatusCode.ResourceExhausted, $"The answer is larger than the limit of {maxBytes} bytes."));
        }

        HasWritten = true;
        Span<byte> header = stackalloc byte[HeaderBytes];
        header.Clear();
        if (encoding is null || flags.HasFlag(WriteFlags.NoCompress))
        {
            BinaryPrimitives.WriteInt32BigEndian(header[1..], payload.Length);
            output.Write(_payload.WithHeader(header));
            return;
        }

        using var compressed = new MemoryStream();
        using (var stream = encoding.CreateCompressionStream(compressed, level))
        {
            stream.Write(payload);
        }

        header[0] = 1;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], (int)compressed.Length);
        output.Write(header);
        output.Write(compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
    }

    private static bool Accepts(HttpRequest request, string encoding) =>
        request.Headers[GrpcProtocol.AcceptEncoding].Any(values => values?.Split(',').Any(value => value.Trim() == encoding) == true);
}
