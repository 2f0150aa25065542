using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Grpc;

/// <summary>Unmodified public clients over sockets: HTTP/2 without TLS, and behind nginx.</summary>
[Collection(SharedServerTests.Name)]
public sealed class GrpcClientTests(SharedServer shared)
{
    [Theory]
    [InlineData("python")]
    [InlineData("js")]
    [InlineData("go")]
    public async Task A_public_client_finds_everything_as_it_expects_it(string client) =>
        Assert.Equal("ok", await GrpcPrograms.RunAsync(client, shared.Server.GrpcAddress));

    [Theory]
    [InlineData("python")]
    [InlineData("js")]
    [InlineData("go")]
    public async Task It_does_so_through_nginx(string client)
    {
        await using var nginx = await NginxProcess.StartAsync(shared.Server.GrpcAddress);
        Assert.Equal("ok", await GrpcPrograms.RunAsync(client, nginx.Address));
    }
}
