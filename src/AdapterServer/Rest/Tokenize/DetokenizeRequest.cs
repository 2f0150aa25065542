namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>A checked body of <c>POST /detokenize</c>.</summary>
internal sealed record DetokenizeRequest(string? Model, int[] Tokens);
