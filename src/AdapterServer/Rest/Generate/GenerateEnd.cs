namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>How a stream ended.</summary>
/// <param name="FinishReason"><c>length</c>, <c>eos_token</c> or <c>stop_sequence</c>.</param>
/// <param name="PromptTokens">LoRAX's: tokens of the prompt.</param>
/// <param name="InputLength">The same in TGI's word.</param>
/// <param name="GeneratedTokens">The end id included.</param>
/// <param name="Seed">What the draw began from; null where nothing was drawn.</param>
internal sealed record GenerateEnd(string FinishReason, int PromptTokens, int InputLength, int GeneratedTokens, ulong? Seed);
