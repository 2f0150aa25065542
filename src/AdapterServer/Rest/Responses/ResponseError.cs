namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>Why a response failed.</summary>
internal sealed record ResponseError(string Code, string Message);
