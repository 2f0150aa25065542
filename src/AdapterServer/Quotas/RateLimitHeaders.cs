using System.Globalization;

namespace AdapterServe.AdapterServer.Quotas;

/// <summary>How the tenant's limits stand, in the headers that OpenAI uses; over gRPC they are the answer's metadata. What has no limit has no header.</summary>
internal static class RateLimitHeaders
{
    public static void Write(IHeaderDictionary headers, RateStates states)
    {
        Write(headers, "requests", states.Requests);
        Write(headers, "tokens", states.Tokens);
    }

    /// <summary>A time as OpenAI writes it, in whole milliseconds rounded up: <c>12ms</c>, <c>1.5s</c>, <c>1m0s</c>.</summary>
    public static string Format(TimeSpan time)
    {
        var milliseconds = (time.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        if (milliseconds < 1000)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        }

        var (minutes, rest) = Math.DivRem(milliseconds, 60_000);
        var seconds = string.Create(CultureInfo.InvariantCulture, $"{rest / 1000m:0.###}s");
        return minutes == 0 ? seconds : string.Create(CultureInfo.InvariantCulture, $"{minutes}m{seconds}");
    }

    private static void Write(IHeaderDictionary headers, string what, RateState? state)
    {
        if (state is { } known)
        {
            headers["x-ratelimit-limit-" + what] = known.Limit.ToString(CultureInfo.InvariantCulture);
            headers["x-ratelimit-remaining-" + what] = known.Remaining.ToString(CultureInfo.InvariantCulture);
            headers["x-ratelimit-reset-" + what] = Format(known.Reset);
        }
    }
}
