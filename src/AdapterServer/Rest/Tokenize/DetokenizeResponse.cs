namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>vLLM's answer of <c>/detokenize</c>.</summary>
internal sealed record DetokenizeResponse(string Prompt);
