namespace AdapterServe.AdapterServer.Errors;

/// <param name="Message">One sentence for a person.</param>
/// <param name="Type">The class of error, by status.</param>
/// <param name="Param">The field at fault, or null.</param>
/// <param name="Code">The stable word for programs.</param>
internal sealed record ErrorDetail(string Message, string Type, string? Param, string Code);
