namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>A prompt ready for the engine.</summary>
/// <param name="Ids">At least one token.</param>
/// <param name="Text">What <c>echo</c> repeats: the client's own text, or the ids' text without special tokens.</param>
/// <param name="Added">Tokens at the beginning that the tokenizer added and that have no text in <paramref name="Text"/>.</param>
internal sealed record PreparedPrompt(int[] Ids, string Text, int Added = 0);
