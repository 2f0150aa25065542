namespace AdapterServe.AdapterServer.Commands;

/// <summary>Why a command can't do what it was told; one sentence for the operator.</summary>
public sealed class CommandException(string message, Exception? inner = null) : Exception(message, inner);
