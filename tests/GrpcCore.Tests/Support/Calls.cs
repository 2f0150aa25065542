using System.Net;
using System.Net.Http.Headers;

namespace AdapterServe.GrpcCore.Tests.Support;

/// <summary>Calls of the echo service over HTTP/2.</summary>
internal static class Calls
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static HttpRequestMessage Request(string method, HttpContent content, params (string Key, string Value)[] headers)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, method.StartsWith('/') ? method : "/adapterserve.tests.Echo/" + method)
        {
            Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
        };
        request.Headers.TE.ParseAdd("trailers");
        foreach (var (key, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(key, value);
        }

        return request;
    }

    public static Task<Answer> CallAsync(this EchoServer server, string method, byte[] body, params (string Key, string Value)[] headers) =>
        server.CallAsync(Request(method, new ByteArrayContent(body), headers));

    public static async Task<Answer> CallAsync(this EchoServer server, HttpRequestMessage request)
    {
        var response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        var stream = await response.Content.ReadAsStreamAsync(Cancellation);
        var messages = new List<(byte, byte[])>();
        while (await Frames.ReadAsync(stream, Cancellation) is { } message)
        {
            messages.Add(message);
        }

        return new Answer(response, messages);
    }
}
