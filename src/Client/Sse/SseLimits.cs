namespace AdapterServe.Client.Sse;

/// <summary>What a stream may cost its reader. Beyond a limit reading ends with a <see cref="SseFormatException"/>.</summary>
/// <param name="LineBytes">Most bytes of a line.</param>
/// <param name="EventBytes">Most bytes of an event's data.</param>
/// <param name="StreamBytes">Most bytes of the whole stream, comments included.</param>
public sealed record SseLimits(int LineBytes = 1 << 20, int EventBytes = 4 << 20, long StreamBytes = 1L << 30);
