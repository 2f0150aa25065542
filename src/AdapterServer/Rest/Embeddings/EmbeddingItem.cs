namespace AdapterServe.AdapterServer.Rest.Embeddings;

/// <param name="Object">Always <c>embedding</c>.</param>
/// <param name="Index">Of the input.</param>
/// <param name="Embedding">Of Euclidean norm 1.</param>
internal sealed record EmbeddingItem(string Object, int Index, EmbeddingVector Embedding);
