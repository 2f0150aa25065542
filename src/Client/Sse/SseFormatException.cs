namespace AdapterServe.Client.Sse;

/// <summary>A stream of events that is larger than its reader allows, or whose content is not what was asked for.</summary>
public sealed class SseFormatException(string message, Exception? inner = null) : IOException(message, inner);
