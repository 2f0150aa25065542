using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using AdapterServe.Client.Http;
using Google.Protobuf;

namespace AdapterServe.Client.Grpc;

/// <summary>One call of a method that answers with a stream: gRPC over an HTTP client's HTTP/2, without compression.</summary>
internal sealed class GrpcCall(HttpClient http, string? apiKey, string method)
{
    /// <summary><b>Errors</b>: <see cref="ApiException"/> for a status other than OK; <see cref="InvalidDataException"/> for an answer that is no gRPC.</summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(IMessage message, MessageParser<T> parser, [EnumeratorCancellation] CancellationToken cancellation)
        where T : IMessage<T>
    {
        using var request = Request(message);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            // Something before the method answered, in the words of HTTP.
            await Answers.RequireSuccessAsync(response, cancellation).ConfigureAwait(false);
        }

        if (response.Content.Headers.ContentType?.MediaType != GrpcFrames.ContentType)
        {
            throw new InvalidDataException("The server did not answer with gRPC.");
        }

        var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var frames = new GrpcFrames(stream);
        while (await frames.ReadAsync(cancellation).ConfigureAwait(false) is { } payload)
        {
            yield return Parse(parser, payload);
        }

        GrpcStatus.RequireOk(response);
    }

    private static T Parse<T>(MessageParser<T> parser, ReadOnlyMemory<byte> payload)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(payload.Span);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException("A message of the answer is malformed.", e);
        }
    }

    private HttpRequestMessage Request(IMessage message)
    {
        var content = new ByteArrayContent(GrpcFrames.Of(message));
        content.Headers.ContentType = new MediaTypeHeaderValue(GrpcFrames.ContentType);
        var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Content = content, Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.ParseAdd("trailers");
        if (apiKey is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        }

        return request;
    }
}
