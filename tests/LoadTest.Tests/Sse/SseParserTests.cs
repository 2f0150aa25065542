using System.Text;
using AdapterServe.Client.Sse;
using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Tests.Sse;

public sealed class SseParserTests
{
    public static TheoryData<string, string[]> Streams => new()
    {
        { "data: a\n\ndata:b\n\n", ["message:a", "message:b"] },
        { "data: a\r\n\r\ndata: b\r\rdata: c\n\n", ["message:a", "message:b", "message:c"] },
        { "event: error\ndata: x\n\ndata: y\n\n", ["error:x", "message:y"] },
        { "data: one\ndata: two\ndata\n\n", ["message:one\ntwo\n"] },
        { ": ping\n\n:\n\ndata: a\n: in between\n\n", ["message:a"] },
        { "\uFEFFdata: a\n\n", ["message:a"] },
        { "data:  two spaces\n\n", ["message: two spaces"] },
        { "data\n\n", ["message:"] },
        { "id: 3\nretry: 5\nunknown: x\nDATA: no\n\n", [] },
        { "data: dropped, for no blank line follows\n", [] },
        { "event: x\n\ndata: a\n\n", ["message:a"] },
        { "data: é€😀\n\n", ["message:é€😀"] },
        { "", [] },
        { "\n\n\r\n\r\r", [] },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Events_are_the_same_in_whatever_pieces_they_come(string stream, string[] events)
    {
        var bytes = Encoding.UTF8.GetBytes(stream);
        Assert.Equal(events, await ReadAsync(new PiecesStream(bytes, () => int.MaxValue)));
        Assert.Equal(events, await ReadAsync(new PiecesStream(bytes, () => 1)));
        var draws = new SplitMix64(9);
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal(events, await ReadAsync(new PiecesStream(bytes, () => draws.NextInt(1, 6))));
        }
    }

    public static TheoryData<string> HostileStreams =>
        ["endless line", "endless comment", "endless data", "endless comments", "endless type", "endless blanks"];

    [Theory]
    [MemberData(nameof(HostileStreams))]
    public async Task A_stream_that_never_ends_is_left_at_a_limit(string kind)
    {
        var limits = new SseLimits(LineBytes: 1000, EventBytes: 5000, StreamBytes: 100_000);
        var (head, repeated) = kind switch
        {
            "endless line" => ("data: ", "a"),
            "endless comment" => (":", "a"),
            "endless data" => ("", "data: aaaaaaaaaa\n"),
            "endless comments" => ("", ": a\n"),
            "endless type" => ("event: ", "a"),
            _ => ("", "\n"),
        };
        await Assert.ThrowsAsync<SseFormatException>(async () => await ReadAsync(new EndlessStream(head, repeated), limits));
    }

    [Fact]
    public async Task Any_bytes_are_events_or_none_but_never_a_crash()
    {
        const string Letters = "data: event:\r\n\n\n\0\u00ff{";
        var draws = new SplitMix64(4);
        for (var round = 0; round < 500; round++)
        {
            var bytes = new byte[draws.NextInt(0, 200)];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)Letters[draws.NextInt(0, Letters.Length)];
            }

            Assert.Equal(await ReadAsync(new PiecesStream(bytes, () => int.MaxValue)), await ReadAsync(new PiecesStream(bytes, () => 1)));
        }
    }

    private static async Task<List<string>> ReadAsync(Stream stream, SseLimits? limits = null)
    {
        List<string> events = [];
        await foreach (var next in ServerSentEvents.ReadAsync(stream, limits ?? new SseLimits(), TestContext.Current.CancellationToken))
        {
            events.Add($"{next.Type}:{Encoding.UTF8.GetString(next.Data.Span)}");
        }

        return events;
    }

    private sealed class PiecesStream(byte[] bytes, Func<int> size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, size())], cancellationToken);
    }

    private sealed class EndlessStream(string head, string repeated) : MemoryStream
    {
        private readonly IEnumerator<byte> _bytes = Bytes(head, repeated).GetEnumerator();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                _bytes.MoveNext();
                buffer.Span[i] = _bytes.Current;
            }

            return new ValueTask<int>(buffer.Length);
        }

        private static IEnumerable<byte> Bytes(string head, string repeated)
        {
            foreach (var letter in head)
            {
                yield return (byte)letter;
            }

            while (true)
            {
                foreach (var letter in repeated)
                {
                    yield return (byte)letter;
                }
            }
        }
    }
}
