using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;

namespace AdapterServe.AdapterServer.Quotas;

/// <summary>Where generations of every interface pass their tenant's limits.</summary>
internal static class QuotaGate
{
    /// <summary>
    /// Takes what a request may use. The answer's headers tell how the limits stand then, also when it is refused.
    /// <b>Errors</b>: 429 <c>rate_limit_exceeded</c> with the time after which it would pass; 400 <c>request_over_limit</c> when it never would.
    /// </summary>
    /// <param name="model">In the caller's name.</param>
    /// <param name="tokens">Of prompts, each once, and the most that may be generated.</param>
    /// <param name="sequences">Prompts times choices.</param>
    public static Admission Admit(ServingModel model, long tokens, int sequences)
    {
        var tenant = model.Principal.Tenant;
        var (admission, refusal, states) = model.Meters.Of(tenant).TryTake(model.Store.Tenants.Of(tenant).Limits, tokens, sequences);
        if (model.AnswerHeaders is { } headers)
        {
            RateLimitHeaders.Write(headers, states);
        }

        return admission ?? throw Refused(refusal!);
    }

    private static ApiException Refused(MeterRefusal refusal) => refusal.RetryAfter is { } wait
        ? new ApiException(StatusCodes.Status429TooManyRequests, ErrorCodes.RateLimitExceeded, refusal.Message)
        {
            RetryAfterSeconds = (int)Math.Ceiling(wait.TotalSeconds),
        }
        : new ApiException(StatusCodes.Status400BadRequest, ErrorCodes.RequestOverLimit, refusal.Message, refusal.Param);
}
