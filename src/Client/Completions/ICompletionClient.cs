namespace AdapterServe.Client.Completions;

/// <summary>Streams completions and chats, over whichever protocol.</summary>
public interface ICompletionClient
{
    /// <summary>
    /// The pieces of an answer as they come. <b>Errors</b>: <see cref="Http.ApiException"/> for what the server refuses, <see cref="HttpRequestException"/> and
    /// <see cref="IOException"/> where it can't be reached or goes away, <see cref="InvalidDataException"/> for what is not of the protocol.
    /// </summary>
    IAsyncEnumerable<CompletionChunk> StreamAsync(CompletionRequest request, CancellationToken cancellation = default);
}
