namespace AdapterServe.AdapterServer.Rest.Embeddings;

/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">One for each input, in their order.</param>
/// <param name="Model">As the client wrote it.</param>
/// <param name="Usage">What was computed.</param>
internal sealed record EmbeddingResponse(string Object, IReadOnlyList<EmbeddingItem> Data, string Model, EmbeddingUsage Usage);
