using System.Net;
using AdapterServe.AdapterServer.Options;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Where the server listens, and its limit on bodies; uploads raise theirs for themselves.</summary>
internal sealed class KestrelSetup(IOptions<ServerOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    /// <summary>A body a little too large is answered by the endpoint's own words.</summary>
    private const long Slack = 1 << 20;

    public void Configure(KestrelServerOptions kestrel)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        var server = options.Value;
        kestrel.Limits.MaxRequestBodySize = server.MaxJsonBytes + Slack;
        kestrel.Listen(IPAddress.Parse(server.Bind), server.Port);
    }
}
