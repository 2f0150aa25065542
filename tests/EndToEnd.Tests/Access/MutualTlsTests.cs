using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Access;

/// <summary>Clients with certificates of an authority that the server was given.</summary>
public sealed class MutualTlsTests : IDisposable
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly string _folder = Directory.CreateTempSubdirectory("adapterserve-mtls-").FullName;
    private readonly X509Certificate2 _authority = Authority("CN=clients");
    private readonly X509Certificate2 _stranger = Authority("CN=clients");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_certificate_of_the_authority_names_its_tenant()
    {
        await using var server = await StartAsync("allow");
        Assert.Equal(401, await StatusAsync(server, null, "/v1/models"));
        Assert.Equal(200, await StatusAsync(server, Issue(_authority, ClientAuthentication, "adapterserve:tenant/acme"), "/v1/models"));
        Assert.Equal(403, await StatusAsync(server, Issue(_authority, ClientAuthentication, "adapterserve:tenant/acme"), "/v1/audit"));
        Assert.Equal(200, await StatusAsync(server, Issue(_authority, ClientAuthentication, "adapterserve:tenant/acme", "adapterserve:scope/admin"), "/v1/audit"));
        Assert.Equal(403, await StatusAsync(server, Issue(_authority, ClientAuthentication, "adapterserve:tenant/acme", "adapterserve:scope/admin"), "/v1/models"));
        Assert.Equal(401, await StatusAsync(server, Issue(_authority, ClientAuthentication), "/v1/models"));
        Assert.Equal(401, await StatusAsync(server, Issue(_authority, ClientAuthentication, "adapterserve:tenant/acme", "adapterserve:tenant/other"), "/v1/models"));
        Assert.Equal(401, await StatusAsync(server, Issue(_authority, ClientAuthentication, "adapterserve:tenant/shared"), "/v1/models"));
    }

    [Fact]
    public async Task A_connection_with_another_certificate_is_none()
    {
        await using var server = await StartAsync("require");
        Assert.Equal(200, await StatusAsync(server, Issue(_authority, ClientAuthentication, "adapterserve:tenant/acme"), "/v1/models"));
        X509Certificate2?[] wrong =
        [
            null,
            Issue(_stranger, ClientAuthentication, "adapterserve:tenant/acme"),
            Issue(_authority, ServerAuthentication, "adapterserve:tenant/acme"),
        ];
        foreach (var certificate in wrong)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => StatusAsync(server, certificate, "/v1/models"));
        }
    }

    public void Dispose()
    {
        _authority.Dispose();
        _stranger.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, pair, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        return request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string purpose, params string[] uris)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=client", pair, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("client");
        Array.ForEach(uris, uri => names.AddUri(new Uri(uri)));
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.Create(authority, now.AddHours(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(12));
        using var withKey = made.CopyWithPrivateKey(pair);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    private static async Task<int> StatusAsync(ServerProcess server, X509Certificate2? certificate, string path)
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.Subject == "CN=localhost";
        if (certificate is not null)
        {
            handler.SslOptions.ClientCertificates = [certificate];
        }

        using var client = new HttpClient(handler) { BaseAddress = server.Address, DefaultRequestVersion = HttpVersion.Version11 };
        using var response = await client.GetAsync(path, Cancellation);
        return (int)response.StatusCode;
    }

    private async Task<ServerProcess> StartAsync(string mode)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", pair, HashAlgorithmName.SHA256);
        using var own = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(30));
        var (server, authority) = (Path.Combine(_folder, "server.pem"), Path.Combine(_folder, "clients.pem"));
        await File.WriteAllTextAsync(server, own.ExportCertificatePem() + "\n" + pair.ExportPkcs8PrivateKeyPem(), Cancellation);
        await File.WriteAllTextAsync(authority, _authority.ExportCertificatePem(), Cancellation);
        return await ServerProcess.StartAsync(["--no-demo", "--tls-certificate", server, "--tls-client-ca", authority, "--tls-client-cert", mode]);
    }
}
