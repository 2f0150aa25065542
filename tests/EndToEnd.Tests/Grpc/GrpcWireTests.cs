using System.Net;
using System.Net.Http.Headers;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Grpc;

/// <summary>What clients of gRPC get from a server that can't or won't serve them.</summary>
[Collection(SharedServerTests.Name)]
public sealed class GrpcWireTests(SharedServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_unknown_method_is_unimplemented_in_gRPCs_own_form()
    {
        using var response = await CallAsync(shared.Server, "/adapterserve.v1.Generation/Nothing");
        Assert.Equal((HttpStatusCode.OK, "application/grpc"), (response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Equal(("12", "route_not_found"), (response.Headers.GetValues("grpc-status").Single(), response.Headers.GetValues("error-code").Single()));
        Assert.Equal("There is no route /adapterserve.v1.Generation/Nothing.", Uri.UnescapeDataString(response.Headers.GetValues("grpc-message").Single()));
    }

    [Fact]
    public async Task A_call_over_http_1_is_told_what_it_needs()
    {
        using var request = Request(shared.Server.Address, "/grpc.health.v1.Health/Check", HttpVersion.Version11);
        using var response = await shared.Client.SendAsync(request, Cancellation);
        Assert.Equal((426, "wrong_http_version"), ((int)response.StatusCode, (await Api.ErrorAsync(response)).GetProperty("code").GetString()));
    }

    [Fact]
    public async Task Rest_is_there_too_over_http_2()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(shared.Server.GrpcAddress, "/v1/models")) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await shared.Client.SendAsync(request, Cancellation);
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (response.StatusCode, response.Version));
    }

    [Fact]
    public async Task A_stream_that_watches_does_not_hold_up_the_servers_end()
    {
        await using var server = await ServerProcess.StartAsync(["--no-demo"]);
        using var response = await CallAsync(server, "/grpc.health.v1.Health/Watch");
        var stream = await response.Content.ReadAsStreamAsync(Cancellation);
        Assert.Equal([0, 0, 0, 0, 2, 8, 1], await ReadAsync(stream, 7));
        server.Terminate();
        Assert.Equal([0, 0, 0, 0, 2, 8, 2], await ReadAsync(stream, 7));
        Assert.Equal(0, await stream.ReadAsync(new byte[1], Cancellation));
        Assert.Equal(("14", "server_stopping"), (response.TrailingHeaders.GetValues("grpc-status").Single(), response.TrailingHeaders.GetValues("error-code").Single()));
        Assert.Equal(0, await server.ExitAsync(Tolerances.IdleStop));
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int count)
    {
        var bytes = new byte[count];
        await stream.ReadExactlyAsync(bytes, Cancellation);
        return bytes;
    }

    /// <summary>With an empty message.</summary>
    private static HttpRequestMessage Request(Uri server, string method, Version version)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, method)) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent([0, 0, 0, 0, 0]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return request;
    }

    private static async Task<HttpResponseMessage> CallAsync(ServerProcess server, string method) =>
        await server.Client.SendAsync(Request(server.GrpcAddress, method, HttpVersion.Version20), HttpCompletionOption.ResponseHeadersRead, Cancellation);
}
