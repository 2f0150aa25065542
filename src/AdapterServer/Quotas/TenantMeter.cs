using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterServer.Quotas;

/// <summary>
/// What one tenant uses of its limits at this server.
/// <b>Effects</b>: any thread; taken once when a request begins and once when it ends, never in between.
/// </summary>
internal sealed class TenantMeter(TimeProvider time)
{
    /// <summary>Sequences end when they end: asking again soon is all that can be advised.</summary>
    private static readonly TimeSpan SequenceRetry = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly RateBucket _requests = new();
    private readonly RateBucket _tokens = new();
    private int _sequences;

    /// <summary>Answers in the making.</summary>
    public int Sequences
    {
        get
        {
            lock (_gate)
            {
                return _sequences;
            }
        }
    }

    /// <summary>How the limits stand.</summary>
    public RateStates Look(TenantLimits limits)
    {
        lock (_gate)
        {
            return Update(limits);
        }
    }

    /// <summary>Takes all that a request may use, or nothing.</summary>
    /// <param name="limits">Those in effect.</param>
    /// <param name="tokens">Of its prompts, and the most that it may generate.</param>
    /// <param name="sequences">How many it consists of.</param>
    /// <returns>What it has taken, or why it may not begin; and how the limits stand then.</returns>
    public (Admission? Admission, MeterRefusal? Refusal, RateStates States) TryTake(TenantLimits limits, long tokens, int sequences)
    {
        lock (_gate)
        {
            var states = Update(limits);
            if (Refusal(limits, tokens, sequences, states) is { } refusal)
            {
                return (null, refusal, states);
            }

            _sequences += sequences;
            if (states.Requests is not null)
            {
                _requests.Take(1);
            }

            if (states.Tokens is not null)
            {
                _tokens.Take(tokens);
            }

            // What was not taken is not to be given back, should a limit be set meanwhile.
            return (new Admission(this, states.Tokens is null ? 0 : tokens, sequences), null, Now(limits));
        }
    }

    /// <summary>A request has ended, however it did.</summary>
    /// <param name="unusedTokens">What it took and did not use.</param>
    /// <param name="sequences">As it took them.</param>
    public void Release(long unusedTokens, int sequences)
    {
        lock (_gate)
        {
            _sequences -= sequences;
            _tokens.Give(unusedTokens);
        }
    }

    private MeterRefusal? Refusal(TenantLimits limits, long tokens, int sequences, RateStates states)
    {
        if (limits.ConcurrentSequences < sequences)
        {
            return new MeterRefusal($"The request has {sequences} sequences; the tenant may have {limits.ConcurrentSequences} at a time.", null, "n");
        }

        if (limits.TokensPerMinute < tokens)
        {
            return new MeterRefusal(
                $"Prompt and answer may have {tokens} tokens together; the tenant's limit is {limits.TokensPerMinute} a minute. Ask for fewer.", null, "max_tokens");
        }

        if (states.Requests is { Remaining: 0 } requests)
        {
            return requests.Limit == 0
                ? new MeterRefusal("The tenant's limit is 0 requests a minute.", null)
                : new MeterRefusal($"The tenant's limit is {requests.Limit} requests a minute, and all are used.", _requests.Until(1));
        }

        if (states.Tokens is { } left && _tokens.Until(tokens) is var wait && wait > TimeSpan.Zero)
        {
            return new MeterRefusal(
                $"The tenant's limit is {left.Limit} tokens a minute; {left.Remaining} are left, and the request may use {tokens}.", wait);
        }

        return limits.ConcurrentSequences - _sequences < sequences
            ? new MeterRefusal($"The tenant may have {limits.ConcurrentSequences} sequences at a time; {_sequences} run, and the request has {sequences}.", SequenceRetry)
            : null;
    }

    private RateStates Update(TenantLimits limits)
    {
        var ticks = time.GetElapsedTime(0).Ticks;
        _requests.Update(limits.RequestsPerMinute, ticks);
        _tokens.Update(limits.TokensPerMinute, ticks);
        return Now(limits);
    }

    private RateStates Now(TenantLimits limits) =>
        new(limits.RequestsPerMinute is null ? null : _requests.State, limits.TokensPerMinute is null ? null : _tokens.State);
}
