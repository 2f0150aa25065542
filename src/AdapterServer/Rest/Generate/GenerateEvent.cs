using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>An event of a stream: one token.</summary>
/// <param name="Index">Counted from 1.</param>
/// <param name="Token">The token.</param>
/// <param name="TopTokens">The best ones in its place; left out unless asked for.</param>
/// <param name="GeneratedText">The whole text, in the last event.</param>
/// <param name="Details">In the last event.</param>
internal sealed record GenerateEvent(
    int Index,
    GenerateToken Token,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<GenerateToken>? TopTokens,
    string? GeneratedText,
    GenerateEnd? Details);
