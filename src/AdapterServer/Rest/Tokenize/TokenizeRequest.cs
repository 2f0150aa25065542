using AdapterServe.AdapterServer.Rest.ChatCompletions;

namespace AdapterServe.AdapterServer.Rest.Tokenize;

/// <summary>A checked body of <c>POST /tokenize</c>: either text or a chat.</summary>
internal sealed record TokenizeRequest(string? Model, string? Text, bool AddSpecialTokens, ChatPrompt? Chat, bool ReturnTokenStrings);
