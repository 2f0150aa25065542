using System.Net;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Grpc;

/// <summary>Both ports speak TLS where there is a certificate.</summary>
public sealed class TlsTests(TlsServer tls) : IClassFixture<TlsServer>
{
    [Theory]
    [InlineData("python")]
    [InlineData("js")]
    [InlineData("go")]
    public async Task A_public_client_finds_everything_as_it_expects_it(string client) =>
        Assert.Equal("ok", await GrpcPrograms.RunAsync(client, tls.Server.GrpcAddress, tls.Certificate));

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Rest_takes_the_version_that_is_agreed_on(string version)
    {
        Assert.Equal("https", tls.Server.Address.Scheme);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/readyz") { Version = Version.Parse(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await tls.Server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (response.StatusCode, response.Version));
    }

    [Fact]
    public async Task A_certificate_that_is_none_is_said_in_one_sentence()
    {
        var (exitCode, log) = await ServerProcess.RunAsync(["--tls-certificate", Path.Combine(Repository.Root, "README.md")]);
        Assert.Equal(1, exitCode);
        Assert.Contains("--tls-certificate", log, StringComparison.Ordinal);
    }
}
