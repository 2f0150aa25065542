using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Where the server listens, and its limit on bodies; uploads raise theirs for themselves.</summary>
internal sealed class KestrelSetup(IOptions<ServerOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    /// <summary>A body a little too large is answered by the endpoint's own words.</summary>
    private const long Slack = 1 << 20;

    /// <summary>A peer that vanished without a word is found out after twice this.</summary>
    private static readonly TimeSpan s_ping = TimeSpan.FromSeconds(30);

    public void Configure(KestrelServerOptions kestrel)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        var server = options.Value;
        var certificate = server.TlsCertificate.Length > 0 ? Certificate(server) : null;
        var authorities = server.TlsClientCa.Length > 0 ? Authorities(server.TlsClientCa) : null;
        kestrel.Limits.MaxRequestBodySize = server.MaxJsonBytes + Slack;
        kestrel.Limits.Http2.KeepAlivePingDelay = s_ping;
        kestrel.Limits.Http2.KeepAlivePingTimeout = s_ping;
        // REST first: it is the address that the log calls the server's.
        kestrel.Listen(IPAddress.Parse(server.Bind), server.Port, listen => Secure(listen, certificate, authorities, server.TlsClientCert));
        kestrel.Listen(IPAddress.Parse(server.Bind), server.ListenGrpcPort, listen =>
        {
            // Without TLS nothing tells the two versions apart, so this port takes one only.
            listen.Protocols = certificate is null ? HttpProtocols.Http2 : HttpProtocols.Http1AndHttp2;
            Secure(listen, certificate, authorities, server.TlsClientCert);
        });
    }

    private static void Secure(ListenOptions listen, X509Certificate2Collection? certificates, X509Certificate2Collection? authorities, string mode)
    {
        if (certificates is not null)
        {
            listen.UseHttps(https =>
            {
                (https.ServerCertificate, https.ServerCertificateChain) = (certificates[0], certificates);
                if (authorities is not null)
                {
                    https.ClientCertificateMode = mode == "require" ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.AllowCertificate;
                    https.ClientCertificateValidation = (shown, chain, _) => ClientCertificates.IsTrusted(shown, chain, authorities);
                }
            });
        }
    }

    private static X509Certificate2Collection Authorities(string path)
    {
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(path);
            return authorities.Count > 0 ? authorities : throw new CryptographicException("it has no certificate.");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"--tls-client-ca must be a PEM file with certificates of authorities: {e.Message}", e);
        }
    }

    /// <summary>The server's own first, behind it those that sign it.</summary>
    private static X509Certificate2Collection Certificate(ServerOptions server)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(server.TlsCertificate);
            var own = X509Certificate2.CreateFromPemFile(server.TlsCertificate, server.TlsKey.Length > 0 ? server.TlsKey : null);
            chain[0].Dispose();
            chain[0] = own;
            return chain;
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new StartupException($"--tls-certificate and --tls-key must be PEM files with a certificate and its private key: {e.Message}", e);
        }
    }
}
