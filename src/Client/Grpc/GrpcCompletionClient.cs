using System.Runtime.CompilerServices;
using AdapterServe.Client.Completions;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.Client.Grpc;

/// <summary>
/// A server's <c>adapterserve.v1.Generation</c> as one tenant sees it. <b>Effects</b>: thread-safe; the HTTP client stays the caller's and speaks HTTP/2
/// (<see cref="Http.TransportOptions.Version"/> 2.0). <b>Errors</b>: as <see cref="ICompletionClient.StreamAsync"/>.
/// </summary>
public sealed class GrpcCompletionClient(HttpClient http, string? apiKey = null) : ICompletionClient
{
    private const string Completions = "adapterserve.v1.Generation/CompleteStream";
    private const string Chats = "adapterserve.v1.Generation/ChatStream";

    public IAsyncEnumerable<CompletionChunk> StreamAsync(CompletionRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Messages is null ? StreamCompletionAsync(request, cancellation) : StreamChatAsync(request, cancellation);
    }

    private async IAsyncEnumerable<CompletionChunk> StreamCompletionAsync(CompletionRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var call = new GrpcCall(http, apiKey, Completions);
        await foreach (var piece in call.StreamAsync(GrpcMessages.Completion(request), Wire.CompletionResponse.Parser, cancellation).ConfigureAwait(false))
        {
            yield return GrpcMessages.Chunk(piece);
        }
    }

    private async IAsyncEnumerable<CompletionChunk> StreamChatAsync(CompletionRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var call = new GrpcCall(http, apiKey, Chats);
        await foreach (var piece in call.StreamAsync(GrpcMessages.Chat(request), Wire.ChatResponse.Parser, cancellation).ConfigureAwait(false))
        {
            yield return GrpcMessages.Chunk(piece);
        }
    }
}
