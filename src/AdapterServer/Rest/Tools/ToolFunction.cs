namespace AdapterServe.AdapterServer.Rest.Tools;

/// <param name="Name">Distinct within a request.</param>
/// <param name="Schema">That of its arguments, an object: JSON text.</param>
internal sealed record ToolFunction(string Name, string Schema);
