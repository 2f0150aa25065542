using AdapterServe.LoadTest.Plans;

namespace AdapterServe.LoadTest.Recording;

/// <summary>
/// Takes down what happens in a run. <b>Semantics</b>: latencies and records are of measured requests, those intended after the warm-up; tokens and
/// answers count towards the throughput when they come inside the measured window, whoever asked for them. <b>Effects</b>: thread-safe.
/// </summary>
/// <param name="warmupUs">Requests intended earlier are not measured.</param>
/// <param name="warmupRequests">Nor are so many at the beginning.</param>
/// <param name="durationUs">The window's length; null: up to the last answer.</param>
internal sealed class RunRecorder(long warmupUs, long warmupRequests, long? durationUs)
{
    private readonly Lock _lock = new();
    private readonly List<RequestRecord> _records = [];
    private readonly List<RequestRecord> _answers = [];
    private readonly Dictionary<int, LatencyHistogram> _tenantInterToken = [];
    private readonly SecondSeries _series = new();
    private long _windowStart = warmupRequests > 0 ? long.MaxValue : warmupUs;
    private long _cutUs = long.MaxValue;
    private long _lastEnd;
    private long _started;
    private long _failed;
    private long _succeeded;
    private long _windowTokens;
    private int _inFlight;
    private string? _lastError;

    public LatencyHistogram TimeToFirstToken { get; } = new();

    public LatencyHistogram InterToken { get; } = new();

    /// <summary>The same by tenant, for tenants that had any.</summary>
    public IReadOnlyDictionary<int, LatencyHistogram> TenantInterToken => _tenantInterToken;

    public LatencyHistogram EndToEnd { get; } = new();

    public LatencyHistogram SendDelay { get; } = new();

    /// <summary>The measured requests in the order of their ends; complete when the run is.</summary>
    public IReadOnlyList<RequestRecord> Records => _records;

    public MeasuredWindow Window
    {
        get
        {
            var start = Math.Min(_windowStart, _lastEnd);
            return new MeasuredWindow(start, Math.Min(_cutUs, durationUs is { } length ? start + length : Math.Max(_lastEnd, start)));
        }
    }

    public long WindowTokens => _windowTokens;

    /// <summary>The answers that ended well in the window, also those to requests of the warm-up.</summary>
    public IReadOnlyList<RequestRecord> WindowAnswers => _answers;

    public IReadOnlyList<SecondSample> Seconds => _series.Samples();

    public bool IsMeasured(PlannedRequest request, long intendedUs) => request.Index >= warmupRequests && intendedUs >= warmupUs;

    public void Started(PlannedRequest request, long intendedUs, long sentUs)
    {
        lock (_lock)
        {
            if (IsMeasured(request, intendedUs))
            {
                _windowStart = Math.Min(_windowStart, intendedUs);
            }

            _started++;
            _series.Arrived(intendedUs);
            _series.InFlight(sentUs, ++_inFlight);
        }
    }

    /// <summary>The run was ended by hand: the window ends here.</summary>
    public void CutAt(long us) => _cutUs = us;

    /// <param name="request">Whose tokens they are.</param>
    /// <param name="us">Now.</param>
    /// <param name="count">The tokens that came.</param>
    /// <param name="gapUs">Since the request's tokens before; null for its first ones and for requests that aren't measured.</param>
    public void Tokens(PlannedRequest request, long us, int count, long? gapUs)
    {
        lock (_lock)
        {
            _series.Tokens(us, count);
            _windowTokens += IsInWindow(us) ? count : 0;
            if (gapUs is { } gap)
            {
                InterToken.Record(gap);
                if (!_tenantInterToken.TryGetValue(request.Tenant, out var own))
                {
                    _tenantInterToken[request.Tenant] = own = new LatencyHistogram();
                }

                own.Record(gap);
            }
        }
    }

    public void Ended(RequestRecord record)
    {
        lock (_lock)
        {
            _series.InFlight(record.EndUs, _inFlight--);
            _series.Ended(record.EndUs, record.IsSuccess);
            _lastEnd = Math.Max(_lastEnd, record.EndUs);
            if (record.IsSuccess && IsInWindow(record.EndUs))
            {
                _answers.Add(record);
            }

            _succeeded += record.IsSuccess ? 1 : 0;
            _failed += record.IsSuccess ? 0 : 1;
            _lastError = record.Outcome.ErrorCode is null ? _lastError : record.Outcome.Describe();
            if (IsMeasured(record.Request, record.IntendedUs))
            {
                Measure(record);
            }
        }
    }

    public RunSnapshot Snapshot()
    {
        lock (_lock)
        {
            return new RunSnapshot(
                _started, _succeeded, _failed, _inFlight, _windowTokens, TimeToFirstToken.Percentile(0.5), TimeToFirstToken.Percentile(0.99),
                InterToken.Percentile(0.5), _lastError);
        }
    }

    private bool IsInWindow(long us) => us >= _windowStart && (durationUs is not { } length || us < _windowStart + length);

    private void Measure(RequestRecord record)
    {
        _records.Add(record);
        SendDelay.Record(record.SendDelayUs);
        if (record.IsSuccess)
        {
            TimeToFirstToken.Record(record.TimeToFirstTokenUs);
            EndToEnd.Record(record.EndToEndUs);
        }
    }
}
