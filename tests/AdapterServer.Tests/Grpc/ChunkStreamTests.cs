using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.Adapters;
using AdapterServe.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace AdapterServe.AdapterServer.Tests.Grpc;

/// <summary>The chunks of an upload's files.</summary>
public sealed class ChunkStreamTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_ends_before_what_follows_it_and_stays_at_its_end()
    {
        var next = new UploadRequest { File = new FileStart { Name = "b" } };
        var parts = new UploadParts(new Messages(Chunk("ab"), Chunk(""), Chunk("c"), next, Chunk("other")));
        await using var stream = new ChunkStream(parts, 3);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, Cancellation);
        Assert.Equal("abc"u8.ToArray(), content.ToArray());
        Assert.Equal(0, await stream.ReadAsync(new byte[8], Cancellation));
        Assert.Same(next, parts.Current);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public async Task Other_than_the_announced_length_is_refused(long announced)
    {
        await using var stream = new ChunkStream(new UploadParts(new Messages(Chunk("abc"))), announced);
        var error = await Assert.ThrowsAsync<ApiException>(() => stream.CopyToAsync(Stream.Null, Cancellation));
        Assert.Equal((400, "bytes"), (error.Status, error.Param));
    }

    [Fact]
    public async Task An_upload_begins_with_its_name()
    {
        var error = await Assert.ThrowsAsync<ApiException>(() => new UploadParts(new Messages(Chunk("a"))).ReadStartAsync(Cancellation));
        Assert.Equal(400, error.Status);
        Assert.Equal(400, (await Assert.ThrowsAsync<ApiException>(() => new UploadParts(new Messages()).ReadStartAsync(Cancellation))).Status);
    }

    private static UploadRequest Chunk(string text) => new() { Chunk = ByteString.CopyFromUtf8(text) };

    private sealed class Messages(params UploadRequest[] messages) : IAsyncStreamReader<UploadRequest>
    {
        private int _next;

        public UploadRequest Current => messages[_next - 1];

        public Task<bool> MoveNext(CancellationToken cancellationToken) => Task.FromResult(_next++ < messages.Length);
    }
}
