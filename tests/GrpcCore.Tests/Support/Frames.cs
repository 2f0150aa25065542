using System.Buffers.Binary;
using System.IO.Compression;
using Google.Protobuf;

namespace AdapterServe.GrpcCore.Tests.Support;

/// <summary>Messages as they go over the wire, written and read without the code under test.</summary>
internal static class Frames
{
    private const int HeaderBytes = 5;

    public static byte[] Of(IMessage message) => Of(message.ToByteArray(), flag: 0);

    public static byte[] Of(string text) => Of(new EchoRequest { Text = text });

    public static byte[] Of(byte[] payload, byte flag, uint? length = null)
    {
        var frame = new byte[HeaderBytes + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)payload.Length);
        payload.CopyTo(frame, HeaderBytes);
        return frame;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return compressed.ToArray();
    }

    /// <summary>The next message and its flag, or null at the end.</summary>
    public static async Task<(byte Flag, byte[] Payload)?> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        var header = new byte[HeaderBytes];
        var read = await stream.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false, cancellation);
        if (read == 0)
        {
            return null;
        }

        Assert.Equal(HeaderBytes, read);
        var payload = new byte[BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(1))];
        await stream.ReadExactlyAsync(payload, cancellation);
        return (header[0], payload);
    }

    public static string Text((byte Flag, byte[] Payload) frame) =>
        EchoReply.Parser.ParseFrom(frame.Flag == 0 ? frame.Payload : Unzip(frame.Payload)).Text;

    private static byte[] Unzip(byte[] bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }
}
