namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>Why a response ended early: <c>max_output_tokens</c>.</summary>
internal sealed record ResponseIncomplete(string Reason);
