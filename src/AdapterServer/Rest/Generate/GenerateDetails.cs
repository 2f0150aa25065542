using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <param name="FinishReason"><c>length</c>, <c>eos_token</c> or <c>stop_sequence</c>.</param>
/// <param name="PromptTokens">LoRAX's: tokens of the prompt.</param>
/// <param name="GeneratedTokens">The end id included.</param>
/// <param name="Seed">What the draw began from; null where nothing was drawn.</param>
/// <param name="Prefill">The prompt's tokens; empty unless asked for.</param>
/// <param name="Tokens">Those generated.</param>
/// <param name="TopTokens">The best ones at each place, best first; left out unless asked for.</param>
internal sealed record GenerateDetails(
    string FinishReason,
    int PromptTokens,
    int GeneratedTokens,
    ulong? Seed,
    IReadOnlyList<PrefillToken> Prefill,
    IReadOnlyList<GenerateToken> Tokens,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<IReadOnlyList<GenerateToken>>? TopTokens);
