namespace AdapterServe.AdapterServer.Hosting;

/// <summary>The server can't start; the sentence is for the operator.</summary>
internal sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
