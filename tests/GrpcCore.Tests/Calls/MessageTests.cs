using AdapterServe.GrpcCore.Tests.Support;
using Google.Protobuf;
using Grpc.Core;

namespace AdapterServe.GrpcCore.Tests.Calls;

/// <summary>Messages: their bytes, sizes and compression.</summary>
public sealed class MessageTests
{
    private const int Internal = 13;
    private const int ResourceExhausted = 8;
    private const int Unimplemented = 12;

    public static TheoryData<string, byte[]> Malformed => new()
    {
        { "none", [] },
        { "part of a header", [0, 0] },
        { "no payload", [0, 0, 0, 0, 9] },
        { "part of a payload", [0, 0, 0, 0, 9, 1, 2] },
        { "an unknown flag", Frames.Of([], flag: 2) },
        { "two of them", [.. Frames.Of("a"), .. Frames.Of("b")] },
        { "something behind it", [.. Frames.Of("a"), 0] },
        { "no protobuf", Frames.Of([0xff, 0xff, 0xff], flag: 0) },
        { "compressed without an encoding", Frames.Of(Frames.Gzip([]), flag: 1) },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task A_malformed_message_is_refused_before_its_handler_sees_it(string what, byte[] body)
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.Unary = (_, _) => throw new InvalidOperationException(what);
        Assert.Equal(Internal, (await server.CallAsync("Unary", body)).Status);
    }

    [Fact]
    public async Task Compressed_bytes_that_are_none_are_refused()
    {
        await using var server = await EchoServer.StartAsync();
        Assert.Equal(Internal, (await server.CallAsync("Unary", Frames.Of([1, 2, 3, 4], flag: 1), ("grpc-encoding", "gzip"))).Status);
    }

    [Fact]
    public async Task A_length_over_the_limit_is_refused_without_waiting_for_its_bytes()
    {
        await using var server = await EchoServer.StartAsync(options => options.MaxReceiveMessageSize = 1000);
        var body = new OpenBody();
        var call = server.CallAsync(Support.Calls.Request("Unary", body));
        await body.SendAsync(Frames.Of([], flag: 0, length: 1001));
        Assert.Equal(ResourceExhausted, (await call).Status);
        body.End();
    }

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(1001, ResourceExhausted)]
    public async Task The_limit_itself_is_taken(int bytes, int status)
    {
        await using var server = await EchoServer.StartAsync(options => options.MaxReceiveMessageSize = 1000);
        var text = new string('a', bytes - 3);
        Assert.Equal(bytes, new EchoRequest { Text = text }.CalculateSize());
        Assert.Equal(status, (await server.CallAsync("Unary", Frames.Of(text))).Status);
    }

    [Fact]
    public async Task What_grows_over_the_limit_when_it_is_decompressed_is_refused()
    {
        await using var server = await EchoServer.StartAsync();
        var bomb = Frames.Gzip(new EchoRequest { Text = new string('a', 64 << 20) }.ToByteArray());
        Assert.InRange(bomb.Length, 1, 1 << 20);
        Assert.Equal(ResourceExhausted, (await server.CallAsync("Unary", Frames.Of(bomb, flag: 1), ("grpc-encoding", "gzip"))).Status);
    }

    [Fact]
    public async Task An_answer_over_the_limit_is_not_sent()
    {
        await using var server = await EchoServer.StartAsync(options => options.MaxSendMessageSize = 100);
        server.Behaviour.Unary = (_, _) => Task.FromResult(new EchoReply { Text = new string('a', 200) });
        var answer = await server.CallAsync("Unary", Frames.Of("x"));
        Assert.Empty(answer.Messages);
        Assert.Equal(ResourceExhausted, answer.Status);
    }

    [Fact]
    public async Task Requests_may_be_compressed()
    {
        await using var server = await EchoServer.StartAsync();
        var frame = Frames.Of(Frames.Gzip(new EchoRequest { Text = "small" }.ToByteArray()), flag: 1);
        var answer = await server.CallAsync("Unary", frame, ("grpc-encoding", "gzip"));
        Assert.Equal((0, "small"), (answer.Status, Assert.Single(answer.Texts)));
        Assert.Equal(0, answer.Messages[0].Flag);
    }

    [Fact]
    public async Task An_unknown_encoding_is_answered_with_those_that_are_known()
    {
        await using var server = await EchoServer.StartAsync();
        var answer = await server.CallAsync("Unary", Frames.Of([1], flag: 1), ("grpc-encoding", "snappy"));
        Assert.Equal(Unimplemented, answer.Status);
        Assert.Equal("identity,gzip,deflate", answer.End.GetValues("grpc-accept-encoding").Single());
    }

    [Theory]
    [InlineData("identity, gzip", 1)]
    [InlineData("identity", 0)]
    [InlineData("br,deflate", 0)]
    public async Task Answers_are_compressed_for_clients_that_take_it(string accepted, byte flag)
    {
        await using var server = await EchoServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        var answer = await server.CallAsync("Unary", Frames.Of("hello"), ("grpc-accept-encoding", accepted));
        Assert.Equal((flag, "hello"), (Assert.Single(answer.Messages).Flag, answer.Texts.Single()));
        Assert.Equal(flag == 1, answer.Response.Headers.Contains("grpc-encoding"));
    }

    [Fact]
    public async Task Single_messages_of_a_compressed_stream_can_go_as_they_are()
    {
        await using var server = await EchoServer.StartAsync(options => options.ResponseCompressionAlgorithm = "gzip");
        server.Behaviour.ServerStream = async (_, replies, _) =>
        {
            await replies.WriteAsync(new EchoReply { Text = "packed" });
            replies.WriteOptions = new WriteOptions(WriteFlags.NoCompress);
            await replies.WriteAsync(new EchoReply { Text = "plain" });
        };
        var answer = await server.CallAsync("ServerStream", Frames.Of("x"), ("grpc-accept-encoding", "gzip"));
        Assert.Equal([1, 0], answer.Messages.Select(message => (int)message.Flag));
        Assert.Equal(["packed", "plain"], answer.Texts);
    }

    [Fact]
    public async Task A_large_message_passes_where_it_is_allowed()
    {
        await using var server = await EchoServer.StartAsync(options => options.MaxReceiveMessageSize = null);
        var text = new string('b', 20 << 20);
        Assert.Equal(text, Assert.Single((await server.CallAsync("Unary", Frames.Of(text))).Texts));
    }
}
