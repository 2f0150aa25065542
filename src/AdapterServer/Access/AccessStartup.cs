using System.Net;
using AdapterServe.AdapterServer.Access.Jwt;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Access;

/// <summary>Opens what says who is let in. Dispose when the server ends.</summary>
internal sealed class AccessStartup(ServerOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private ApiKeys? _keys;
    private VerificationKeys? _tokens;

    /// <summary>
    /// <b>Errors</b>: <see cref="CommandLineException"/> where others than this machine could come in without saying who they are; <see cref="StartupException"/>; those of the registry.
    /// </summary>
    public async Task<AccessControl> OpenAsync(AdapterStoreOptions registry, CancellationToken cancellationToken)
    {
        _keys = await ApiKeys.OpenAsync(registry, time, cancellationToken).ConfigureAwait(false);
        var access = new AccessControl(_keys, await TokensAsync(cancellationToken).ConfigureAwait(false), options.TlsClientCa.Length > 0);
        Require(access);
        _keys.Follow();
        return access;
    }

    public void Dispose()
    {
        _tokens?.Dispose();
        _keys?.Dispose();
    }

    private async Task<JwtVerifier?> TokensAsync(CancellationToken cancellationToken)
    {
        if (options.JwtKeys.Length == 0)
        {
            return null;
        }

        _tokens = new VerificationKeys(options.JwtKeys, time, logger);
        await _tokens.StartAsync(cancellationToken).ConfigureAwait(false);
        return new JwtVerifier(new JwtRules(options.JwtIssuer, options.JwtAudience, options.JwtTenantClaim, options.JwtScopeClaim), _tokens, time);
    }

    private void Require(AccessControl access)
    {
        if (IPAddress.IsLoopback(IPAddress.Parse(options.Bind)))
        {
            return;
        }

        if (!access.IsClosed)
        {
            throw new CommandLineException(
                $"--bind {options.Bind} is refused: without API keys anybody who reaches the port could use and replace every adapter, so the server listens on loopback only. "
                + "Make a key first (docs/security.md), or set --jwt-keys or --tls-client-ca.");
        }

        if (options.TlsCertificate.Length == 0)
        {
            ServerLog.NoTls(logger);
        }
    }
}
