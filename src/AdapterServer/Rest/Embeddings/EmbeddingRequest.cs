using System.Collections.Immutable;
using AdapterServe.AdapterServer.Rest.Completions;

namespace AdapterServe.AdapterServer.Rest.Embeddings;

/// <summary>What is to be embedded, checked.</summary>
/// <param name="Inputs">One at least.</param>
/// <param name="Dimensions">Components of each answer.</param>
/// <param name="IsBase64">How they are written.</param>
/// <param name="AddSpecialTokens">Texts get the tokenizer's special tokens.</param>
/// <param name="Priority">Among the tenant's own requests.</param>
internal sealed record EmbeddingRequest(ImmutableArray<CompletionPrompt> Inputs, int Dimensions, bool IsBase64, bool AddSpecialTokens, int Priority);
