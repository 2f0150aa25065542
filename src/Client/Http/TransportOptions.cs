using System.Net;

namespace AdapterServe.Client.Http;

/// <summary>How connections are made.</summary>
public sealed record TransportOptions
{
    /// <summary>1.1, or 2.0; without TLS that is HTTP/2 with prior knowledge (h2c).</summary>
    public Version Version { get; init; } = HttpVersion.Version11;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
