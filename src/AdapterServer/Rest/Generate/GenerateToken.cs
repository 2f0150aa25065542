namespace AdapterServe.AdapterServer.Rest.Generate;

/// <param name="Id">In the vocabulary.</param>
/// <param name="Text">What it adds to the text; empty while its bytes are no character yet.</param>
/// <param name="Logprob">Of the token where it stands.</param>
/// <param name="Special">It is not a part of <c>generated_text</c>.</param>
internal sealed record GenerateToken(int Id, string Text, float Logprob, bool Special);
