namespace AdapterServe.AdapterServer.Errors;

/// <summary>Of a route whose clients know errors in another form than OpenAI's; stands among the route's metadata.</summary>
/// <param name="Of">The status and the body, as JSON, of an error.</param>
internal sealed record ErrorForm(Func<ApiError, (int Status, byte[] Body)> Of);
