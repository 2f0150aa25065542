namespace AdapterServe.AdapterServer.Quotas;

/// <summary>Why a generation can't begin now.</summary>
/// <param name="Message">One sentence: limit and use.</param>
/// <param name="RetryAfter">When it could; null where it never can, because it alone asks for more than the limit.</param>
/// <param name="Param">The field to make smaller, where it never can.</param>
internal sealed record MeterRefusal(string Message, TimeSpan? RetryAfter, string? Param = null);
