namespace AdapterServe.Client.Sse;

/// <summary>One event of a stream.</summary>
/// <param name="Type">The <c>event</c> field; <c>message</c> where the stream names none.</param>
/// <param name="Data">The <c>data</c> lines, joined by line feeds; valid until the next event is read.</param>
public readonly record struct ServerSentEvent(string Type, ReadOnlyMemory<byte> Data);
