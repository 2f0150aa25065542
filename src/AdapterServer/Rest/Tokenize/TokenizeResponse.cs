using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>vLLM's answer of <c>/tokenize</c>.</summary>
internal sealed record TokenizeResponse(
    int Count,
    int MaxModelLen,
    int[] Tokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string[]? TokenStrs);
