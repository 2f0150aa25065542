using AdapterServe.GrpcCore.Tests.Support;
using Grpc.Core;

namespace AdapterServe.GrpcCore.Tests.Calls;

/// <summary>What goes beside the messages.</summary>
public sealed class MetadataTests
{
    [Fact]
    public async Task Text_and_bytes_reach_the_handler_and_the_protocols_own_headers_do_not()
    {
        await using var server = await EchoServer.StartAsync();
        Metadata? seen = null;
        server.Behaviour.Unary = (_, context) =>
        {
            seen = context.RequestHeaders;
            return Task.FromResult(new EchoReply());
        };
        await server.CallAsync("Unary", Frames.Of("x"), ("X-Text", "hello"), ("padded-bin", "AQI="), ("bare-bin", "AQI"), ("several-bin", "AQ==,Ag"), ("grpc-timeout", "10S"));
        Assert.Equal("hello", seen!.GetValue("x-text"));
        Assert.Equal([1, 2], seen.GetValueBytes("padded-bin")!);
        Assert.Equal([1, 2], seen.GetValueBytes("bare-bin")!);
        Assert.Equal([[1], [2]], seen.GetAll("several-bin").Select(entry => entry.ValueBytes));
        Assert.DoesNotContain(seen, entry => entry.Key is "te" or "content-type" or "grpc-timeout" or "host");
    }

    [Fact]
    public async Task Bytes_that_are_no_base64_end_the_call_when_they_are_looked_at()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.Unary = (_, context) => Task.FromResult(new EchoReply { Text = $"{context.RequestHeaders.Count}" });
        Assert.Equal(13, (await server.CallAsync("Unary", Frames.Of("x"), ("bad-bin", "!!"))).Status);
    }

    [Fact]
    public async Task Headers_go_before_the_first_message_and_only_once()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.ServerStream = async (_, replies, context) =>
        {
            await context.WriteResponseHeadersAsync(new Metadata { { "early", "yes" }, { "raw-bin", [0] } });
            await Assert.ThrowsAsync<InvalidOperationException>(() => context.WriteResponseHeadersAsync([]));
            await replies.WriteAsync(new EchoReply { Text = "late" });
        };
        var answer = await server.CallAsync("ServerStream", Frames.Of("x"));
        Assert.Equal(("yes", "AA=="), (answer.Response.Headers.GetValues("early").Single(), answer.Response.Headers.GetValues("raw-bin").Single()));
        Assert.Equal((0, "late"), (answer.Status, Assert.Single(answer.Texts)));
    }

    [Fact]
    public async Task The_context_says_who_calls_what()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.Unary = (_, context) => Task.FromResult(new EchoReply { Text = $"{context.Method} {context.Host} {context.Peer} {context.Deadline == DateTime.MaxValue} {context.AuthContext.IsPeerAuthenticated}" });
        var words = Assert.Single((await server.CallAsync("Unary", Frames.Of("x"))).Texts).Split(' ');
        Assert.Equal(["/adapterserve.tests.Echo/Unary", server.Http.BaseAddress!.Authority], words[..2]);
        Assert.StartsWith("ipv4:127.0.0.1:", words[2], StringComparison.Ordinal);
        Assert.Equal(["True", "False"], words[3..]);
    }

    [Fact]
    public void Keys_are_lower_case_and_say_by_their_suffix_what_their_value_is()
    {
        Assert.Equal("x-y", new Metadata.Entry("X-Y", "v").Key);
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("with space", "v"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("text-bin", "v"));
        Assert.Throws<ArgumentException>(() => new Metadata.Entry("bytes", [1]));
        Assert.Throws<InvalidOperationException>(() => Metadata.Empty.Add("a", "b"));
        Assert.Throws<InvalidOperationException>(() => new Metadata.Entry("a-bin", [1]).Value);
    }
}
