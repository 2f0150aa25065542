using System.Buffers;
using System.Runtime.CompilerServices;

namespace AdapterServe.Client.Sse;

/// <summary>Reads a stream of events as it comes.</summary>
public static class ServerSentEvents
{
    private const int BufferBytes = 16 << 10;

    /// <summary>
    /// The events in their order. <b>Effects</b>: an event's data is valid until the next is asked for; the stream stays the caller's.
    /// <b>Errors</b>: <see cref="SseFormatException"/> beyond a limit.
    /// </summary>
    public static async IAsyncEnumerable<ServerSentEvent> ReadAsync(
        Stream stream, SseLimits limits, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(limits);
        var parser = new SseParser(limits);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
            {
                ReadOnlyMemory<byte> input = buffer.AsMemory(0, read);
                while (parser.TryRead(ref input, out var next))
                {
                    yield return next;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
