using AdapterServe.LoadTest.Plans;
using AdapterServe.LoadTest.Recording;
using AdapterServe.LoadTest.Sending;

namespace AdapterServe.LoadTest.Execution;

/// <summary>One request's times. Called by one thread at a time.</summary>
internal sealed class RequestTimer(PlannedRequest request, long intendedUs, RunClock clock, RunRecorder recorder) : ITokenSink
{
    private readonly long _sentUs = clock.NowUs;
    private readonly bool _isMeasured = recorder.IsMeasured(request, intendedUs);
    private long _firstUs = -1;
    private long _lastUs = -1;
    private int _tokens;

    public void Begin() => recorder.Started(request, intendedUs, _sentUs);

    public void Tokens(int count)
    {
        var now = clock.NowUs;
        recorder.Tokens(request, now, count, _isMeasured && _firstUs >= 0 ? now - _lastUs : null);
        _firstUs = _firstUs < 0 ? now : _firstUs;
        _lastUs = now;
        _tokens += count;
    }

    public void End(SendOutcome outcome)
    {
        var now = clock.NowUs;
        if (_firstUs >= 0 && outcome.OutputTokens > _tokens)
        {
            // Pieces of several tokens without ids: the server's count is the right one.
            recorder.Tokens(request, now, outcome.OutputTokens.Value - _tokens, null);
            _tokens = outcome.OutputTokens.Value;
        }

        recorder.Ended(new RequestRecord(request, intendedUs, _sentUs, _firstUs, _lastUs, now, _tokens, outcome));
    }
}
