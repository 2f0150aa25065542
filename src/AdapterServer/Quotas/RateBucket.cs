namespace AdapterServe.AdapterServer.Quotas;

/// <summary>
/// A token bucket.
/// <b>Semantics</b>: holds at most a minute's amount, is full at first and fills continuously. Exact: an amount of 1 is as many units as a minute has ticks, so nothing is lost or won by
/// rounding, and in no time t is more taken than one minute's amount and what comes in t.
/// <b>Effects</b>: single-threaded; allocates nothing.
/// </summary>
internal sealed class RateBucket
{
    private const long Unit = TimeSpan.TicksPerMinute;

    private int? _perMinute;
    private long _units;
    private long _ticks;

    /// <summary>Where there is a limit.</summary>
    public RateState State => new(Limit, (int)(_units / Unit), Until(Limit));

    private int Limit => _perMinute.GetValueOrDefault();

    /// <summary>Lets time pass. A limit that has changed moves what is left by the difference; after none it is full.</summary>
    /// <param name="perMinute">The limit from now on; null for none.</param>
    /// <param name="ticks">Now, on a clock that never goes back.</param>
    public void Update(int? perMinute, long ticks)
    {
        // Nothing is fuller than full after a minute; longer times would only overflow.
        var passed = Math.Clamp(ticks - _ticks, 0, Unit);
        _ticks = Math.Max(ticks, _ticks);
        _units = Math.Min(_units + (passed * Limit), Limit * Unit);
        if (perMinute is { } limit)
        {
            _units = _perMinute is null ? limit * Unit : Math.Clamp(_units + ((limit - (long)Limit) * Unit), 0, limit * Unit);
        }

        _perMinute = perMinute;
    }

    /// <summary>How long until so much is there, which must be at most the limit.</summary>
    public TimeSpan Until(long amount)
    {
        var missing = (amount * Unit) - _units;
        return missing <= 0 ? TimeSpan.Zero : TimeSpan.FromTicks(((missing - 1) / Limit) + 1);
    }

    /// <summary>Takes what is there.</summary>
    public void Take(long amount) => _units -= amount * Unit;

    /// <summary>Gives back what was taken and not used.</summary>
    public void Give(long amount) => _units = Math.Min(_units + (Math.Min(amount, Limit) * Unit), Limit * Unit);
}
