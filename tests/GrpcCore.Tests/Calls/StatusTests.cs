using System.Net;
using AdapterServe.GrpcCore.Tests.Support;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AdapterServe.GrpcCore.Tests.Calls;

/// <summary>How calls end that don't end well.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task A_handlers_status_message_and_trailers_reach_the_client()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.Unary = (_, _) => throw new RpcException(new Status(StatusCode.NotFound, "No größe 100%\n"), new Metadata { { "error-code", "gone" }, { "raw-bin", [1, 2, 255] } });
        var answer = await server.CallAsync("Unary", Frames.Of("x"));
        Assert.Equal(HttpStatusCode.OK, answer.Response.StatusCode);
        Assert.Equal((5, "No gr%C3%B6%C3%9Fe 100%25%0A"), (answer.Status, answer.RawMessage));
        Assert.Equal(("gone", "AQL/"), (answer.End.GetValues("error-code").Single(), answer.End.GetValues("raw-bin").Single()));
    }

    [Fact]
    public async Task A_failure_behind_messages_stands_in_the_trailers()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.ServerStream = async (_, replies, context) =>
        {
            context.ResponseTrailers.Add("so-far", "1");
            await replies.WriteAsync(new EchoReply { Text = "first" });
            throw new RpcException(new Status(StatusCode.DataLoss, "lost"));
        };
        var answer = await server.CallAsync("ServerStream", Frames.Of("x"));
        Assert.Equal(["first"], answer.Texts);
        Assert.Equal((15, "lost", "1"), (answer.Status, answer.RawMessage, answer.Response.TrailingHeaders.GetValues("so-far").Single()));
    }

    [Theory]
    [InlineData(false, "The handler failed; the server's log has the details.")]
    [InlineData(true, "InvalidOperationException: the password is 1234")]
    public async Task The_text_of_an_unexpected_exception_leaves_the_server_only_where_that_was_asked_for(bool isDetailed, string message)
    {
        await using var server = await EchoServer.StartAsync(options => options.EnableDetailedErrors = isDetailed);
        server.Behaviour.Unary = (_, _) => throw new InvalidOperationException("the password is 1234");
        var answer = await server.CallAsync("Unary", Frames.Of("x"));
        Assert.Equal((2, message), (answer.Status, answer.RawMessage));
    }

    [Fact]
    public async Task A_status_set_on_the_context_goes_without_a_message()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.Unary = (_, context) =>
        {
            context.Status = new Status(StatusCode.AlreadyExists, "there");
            return Task.FromResult(new EchoReply());
        };
        var answer = await server.CallAsync("Unary", Frames.Of("x"));
        Assert.Empty(answer.Messages);
        Assert.Equal((6, "there"), (answer.Status, answer.RawMessage));
    }

    [Theory]
    [InlineData("/adapterserve.tests.Echo/Nothing")]
    [InlineData("/no.Such/Service")]
    public async Task An_unknown_method_is_unimplemented(string path)
    {
        await using var server = await EchoServer.StartAsync();
        Assert.Equal(12, (await server.CallAsync(path, Frames.Of("x"))).Status);
    }

    [Fact]
    public async Task Unknown_methods_can_be_left_to_the_application()
    {
        await using var server = await EchoServer.StartAsync(options => options.IgnoreUnknownServices = true);
        var answer = await server.Http.SendAsync(Support.Calls.Request("/no.Such/Service", new ByteArrayContent([])), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task What_is_no_call_has_the_http_status_that_says_so()
    {
        await using var server = await EchoServer.StartAsync();
        using var request = Support.Calls.Request("Unary", new ByteArrayContent(Frames.Of("x")));
        request.Content!.Headers.ContentType = new("application/json");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await server.Http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task Over_http_1_nothing_is_called()
    {
        await using var server = await EchoServer.StartAsync(protocols: HttpProtocols.Http1);
        using var request = Support.Calls.Request("Unary", new ByteArrayContent(Frames.Of("x")));
        request.Version = HttpVersion.Version11;
        request.Headers.TE.Clear();
        Assert.Equal(HttpStatusCode.UpgradeRequired, (await server.Http.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }
}
