using AdapterServe.GrpcCore.Tests.Support;
using Grpc.Core;

namespace AdapterServe.GrpcCore.Tests.Calls;

/// <summary>The four kinds of methods.</summary>
public sealed class MethodKindTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_unary_call_answers_one_message_and_the_status_behind_it()
    {
        await using var server = await EchoServer.StartAsync();
        var answer = await server.CallAsync("Unary", Frames.Of("hello"));
        Assert.Equal("application/grpc", answer.Response.Content.Headers.ContentType!.ToString());
        Assert.Equal(["hello"], answer.Texts);
        Assert.False(answer.Response.Headers.Contains("grpc-status"));
        Assert.Equal(0, answer.Status);
        Assert.Null(answer.RawMessage);
    }

    [Fact]
    public async Task A_client_stream_is_read_to_its_end()
    {
        await using var server = await EchoServer.StartAsync();
        var answer = await server.CallAsync("ClientStream", [.. Frames.Of("a"), .. Frames.Of("b"), .. Frames.Of("c")]);
        Assert.Equal((0, "a+b+c"), (answer.Status, Assert.Single(answer.Texts)));
    }

    [Fact]
    public async Task A_server_stream_brings_every_message_in_order()
    {
        await using var server = await EchoServer.StartAsync();
        var answer = await server.CallAsync("ServerStream", Frames.Of(new EchoRequest { Text = "n", Count = 100 }));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"n{i}"), answer.Texts);
        Assert.Equal(0, answer.Status);
    }

    [Fact]
    public async Task A_stream_without_messages_is_a_status_alone()
    {
        await using var server = await EchoServer.StartAsync();
        var answer = await server.CallAsync("ServerStream", Frames.Of(new EchoRequest()));
        Assert.Empty(answer.Messages);
        Assert.Equal(0, answer.Status);
    }

    [Fact]
    public async Task Both_sides_of_a_duplex_call_talk_while_it_is_open()
    {
        await using var server = await EchoServer.StartAsync();
        var body = new OpenBody();
        var sending = SendAsync(server, body);
        await body.SendAsync(Frames.Of("one"));
        using var response = await sending;
        var stream = await response.Content.ReadAsStreamAsync(Cancellation);
        Assert.Equal("one", Frames.Text((await Frames.ReadAsync(stream, Cancellation))!.Value));
        foreach (var text in new[] { "two", "three" })
        {
            await body.SendAsync(Frames.Of(text));
            Assert.Equal(text, Frames.Text((await Frames.ReadAsync(stream, Cancellation))!.Value));
        }

        body.End();
        Assert.Null(await Frames.ReadAsync(stream, Cancellation));
        Assert.Equal("0", response.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task A_handler_may_end_before_the_client_does()
    {
        await using var server = await EchoServer.StartAsync();
        server.Behaviour.Duplex = (_, _, _) => throw new RpcException(new Status(StatusCode.OutOfRange, "enough"));
        var body = new OpenBody();
        using var response = await SendAsync(server, body);
        Assert.Equal("11", response.Headers.GetValues("grpc-status").Single());
        body.End();
    }

    [Fact]
    public async Task A_message_cut_into_single_bytes_is_put_together()
    {
        await using var server = await EchoServer.StartAsync();
        var body = new OpenBody();
        var sending = server.CallAsync(Support.Calls.Request("ClientStream", body));
        foreach (var value in Frames.Of("slowly"))
        {
            await body.SendAsync([value]);
        }

        body.End();
        Assert.Equal(["slowly"], (await sending).Texts);
    }

    [Fact]
    public async Task Many_calls_share_a_connection()
    {
        await using var server = await EchoServer.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => server.CallAsync("Unary", Frames.Of($"{i}"))));
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"{i}"), answers.Select(answer => Assert.Single(answer.Texts)));
    }

    [Fact]
    public async Task A_definition_made_by_hand_is_served_with_its_own_marshallers()
    {
        var method = new Method<string, string>(MethodType.Unary, "by.Hand", "Shout", Marshallers.StringMarshaller, Marshallers.StringMarshaller);
        var definition = ServerServiceDefinition.CreateBuilder().AddMethod(method, (text, _) => Task.FromResult(text.ToUpperInvariant())).Build();
        await using var server = await EchoServer.StartAsync(map: app => Microsoft.AspNetCore.Builder.GrpcEndpointRouteBuilderExtensions.MapGrpcService(app, definition));
        var answer = await server.CallAsync("/by.Hand/Shout", Frames.Of("hey"u8.ToArray(), flag: 0));
        Assert.Equal("HEY"u8.ToArray(), Assert.Single(answer.Messages).Payload);
    }

    private static Task<HttpResponseMessage> SendAsync(EchoServer server, OpenBody body) =>
        server.Http.SendAsync(Support.Calls.Request("Duplex", body), HttpCompletionOption.ResponseHeadersRead, Cancellation);
}
