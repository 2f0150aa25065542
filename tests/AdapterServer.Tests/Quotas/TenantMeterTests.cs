using AdapterServe.AdapterServer.Quotas;
using AdapterServe.AdapterServer.Tests.Support;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterServer.Tests.Quotas;

public sealed class TenantMeterTests
{
    private readonly ManualTime _time = new();
    private readonly TenantMeter _meter;

    public TenantMeterTests() => _meter = new TenantMeter(_time);

    [Fact]
    public void Who_waits_as_long_as_told_passes_and_who_waits_less_does_not()
    {
        var limits = new TenantLimits { RequestsPerMinute = 3, TokensPerMinute = 100 };
        _time.Pass(TimeSpan.FromDays(1));
        Passes(limits, tokens: 90);
        var (_, refusal, states) = _meter.TryTake(limits, 40, 1);
        Assert.Equal(TimeSpan.FromSeconds(18), refusal!.RetryAfter);
        Assert.Equal((2, 10), (states.Requests!.Value.Remaining, states.Tokens!.Value.Remaining));
        _time.Pass(TimeSpan.FromSeconds(18) - TimeSpan.FromTicks(1));
        Assert.Equal(TimeSpan.FromTicks(1), _meter.TryTake(limits, 40, 1).Refusal!.RetryAfter);
        _time.Pass(TimeSpan.FromTicks(1));
        Passes(limits, tokens: 40);
        Passes(limits, tokens: 0);
        // 18 of the 20 seconds that a request takes to come back are over.
        Assert.Equal(TimeSpan.FromSeconds(2), _meter.TryTake(limits, 0, 1).Refusal!.RetryAfter);
    }

    [Fact]
    public void What_was_not_used_comes_back_once()
    {
        var limits = new TenantLimits { TokensPerMinute = 100 };
        var admission = Passes(limits, tokens: 80);
        admission.End(usedTokens: 30);
        admission.End(usedTokens: 0);
        Assert.Equal(70, _meter.Look(limits).Tokens!.Value.Remaining);
        // More than was reserved is not owed.
        Passes(limits, tokens: 10).End(usedTokens: 50);
        Assert.Equal(60, _meter.Look(limits).Tokens!.Value.Remaining);
    }

    [Fact]
    public void What_began_without_a_limit_gives_nothing_back_to_one()
    {
        var limits = new TenantLimits { TokensPerMinute = 100 };
        var before = Passes(TenantLimits.None, tokens: 1_000_000_000_000);
        Passes(limits, tokens: 60);
        before.End(usedTokens: 0);
        Assert.Equal(40, _meter.Look(limits).Tokens!.Value.Remaining);
    }

    [Fact]
    public void Sequences_are_free_again_when_their_request_ends()
    {
        var limits = new TenantLimits { ConcurrentSequences = 4 };
        var first = Passes(limits, sequences: 3);
        Assert.NotNull(_meter.TryTake(limits, 1, 2).Refusal!.RetryAfter);
        Passes(limits, sequences: 1).End(1);
        Assert.Equal(3, _meter.Sequences);
        first.End(0);
        first.End(0);
        Assert.Equal(0, _meter.Sequences);
        Passes(limits, sequences: 4);
    }

    [Fact]
    public void What_can_never_pass_is_told_so_and_takes_nothing()
    {
        var limits = new TenantLimits { RequestsPerMinute = 1, TokensPerMinute = 10, ConcurrentSequences = 2 };
        Assert.Equal((null, "max_tokens"), Never(limits, tokens: 11, sequences: 1));
        Assert.Equal((null, "n"), Never(limits, tokens: 1, sequences: 3));
        Assert.Null(Never(new TenantLimits { RequestsPerMinute = 0 }, tokens: 0, sequences: 1).RetryAfter);
        Assert.Null(Never(new TenantLimits { TokensPerMinute = 0 }, tokens: 1, sequences: 1).RetryAfter);
        Assert.Equal(0, _meter.Sequences);
        Passes(limits, tokens: 10, sequences: 2);
    }

    [Fact]
    public async Task Many_at_once_get_together_exactly_what_there_is()
    {
        var limits = new TenantLimits { RequestsPerMinute = 500, TokensPerMinute = 3000, ConcurrentSequences = 1_000_000 };
        var passed = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            () => Enumerable.Range(0, 200).Count(i => _meter.TryTake(limits, 7, 1).Admission is not null), TestContext.Current.CancellationToken)));
        Assert.Equal(3000 / 7, passed.Sum());
        Assert.Equal(3000 / 7, _meter.Sequences);
        Assert.Equal(3000 % 7, _meter.Look(limits).Tokens!.Value.Remaining);
        Assert.Equal(500 - (3000 / 7), _meter.Look(limits).Requests!.Value.Remaining);
    }

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(1, "1ms")]
    [InlineData(11.2, "12ms")]
    [InlineData(999.5, "1s")]
    [InlineData(1500, "1.5s")]
    [InlineData(8640, "8.64s")]
    [InlineData(59_999.1, "1m0s")]
    [InlineData(60_000, "1m0s")]
    [InlineData(360_000, "6m0s")]
    [InlineData(90_250, "1m30.25s")]
    public void Times_are_written_as_OpenAI_does_and_never_too_short(double milliseconds, string text) =>
        Assert.Equal(text, RateLimitHeaders.Format(TimeSpan.FromTicks((long)(milliseconds * TimeSpan.TicksPerMillisecond))));

    private (TimeSpan? RetryAfter, string? Param) Never(TenantLimits limits, long tokens, int sequences)
    {
        var refusal = _meter.TryTake(limits, tokens, sequences).Refusal!;
        return (refusal.RetryAfter, refusal.Param);
    }

    private Admission Passes(TenantLimits limits, long tokens = 1, int sequences = 1)
    {
        var (admission, refusal, _) = _meter.TryTake(limits, tokens, sequences);
        Assert.Null(refusal);
        return admission!;
    }
}
