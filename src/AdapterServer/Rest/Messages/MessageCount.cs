namespace AdapterServe.AdapterServer.Rest.Messages;

/// <param name="InputTokens">Of the prompt that the messages make.</param>
internal sealed record MessageCount(int InputTokens);
