namespace AdapterServe.AdapterServer.Errors;

/// <summary>OpenAI's error body.</summary>
internal sealed record ErrorBody(ErrorDetail Error);
