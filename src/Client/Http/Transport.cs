using System.Net;

namespace AdapterServe.Client.Http;

/// <summary>Makes the HTTP client that any number of <see cref="AdapterServeClient"/> share.</summary>
public static class Transport
{
    /// <summary>
    /// <b>Semantics</b>: as many connections as there are requests at a time; no proxy, no cookies, no redirects, no decompression, no time limit of
    /// its own: a
    /// request ends with its cancellation token. An address may end with <c>/v1</c>.
    /// </summary>
    public static HttpClient Create(Uri address, TransportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        options ??= new TransportOptions();
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = options.ConnectTimeout,
            EnableMultipleHttp2Connections = true,
            // Disposing an unfinished answer closes the connection at once.
            ResponseDrainTimeout = TimeSpan.Zero,
        };
        return new HttpClient(handler)
        {
            BaseAddress = Normalize(address),
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = options.Version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
    }

    private static Uri Normalize(Uri address)
    {
        var path = address.AbsolutePath.TrimEnd('/');
        path = path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^3] : path;
        return new UriBuilder(address) { Path = path + "/", Query = string.Empty, Fragment = string.Empty }.Uri;
    }
}
