namespace AdapterServe.AdapterServer.Rest.Responses;

/// <param name="ReasoningTokens">Always 0: what a model thinks is part of its text.</param>
internal sealed record ResponseOutputDetails(int ReasoningTokens);
