namespace AdapterServe.Client.Models;

/// <summary>An entry of <c>/v1/models</c>.</summary>
/// <param name="Id">What a request's model may say.</param>
/// <param name="OwnedBy">Who serves it: <c>adapterserve</c>, <c>vllm</c>, <c>llamacpp</c>, …; empty where the server doesn't say.</param>
/// <param name="Parent">The base of an adapter, null for a base.</param>
/// <param name="ContextTokens">Most tokens of prompt and answer, where the server says.</param>
/// <param name="VocabularySize">Token ids are in [0, size), where the server says.</param>
public sealed record ModelDescription(string Id, string OwnedBy, string? Parent, int? ContextTokens, int? VocabularySize);
