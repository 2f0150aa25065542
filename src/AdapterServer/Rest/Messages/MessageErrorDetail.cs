namespace AdapterServe.AdapterServer.Rest.Messages;

/// <param name="Type">The class of error, by status.</param>
/// <param name="Message">One sentence for a person.</param>
/// <param name="Code">The stable word for programs.</param>
/// <param name="Param">The field at fault, or null.</param>
internal sealed record MessageErrorDetail(string Type, string Message, string Code, string? Param);
