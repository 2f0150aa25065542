namespace AdapterServe.AdapterServer.Options;

/// <summary>Options that can't be read; the process prints the sentence and ends with 2.</summary>
internal sealed class CommandLineException(string message) : Exception(message);
