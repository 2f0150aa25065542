namespace AdapterServe.Engine.Scheduling;

/// <summary>
/// The sequences that wait, and in which order they are to run.
/// <b>Semantics</b>: the tenants of the best priority first; among those the one that has been served least, weighted, of equal ones that with fewer
/// running; within a tenant by priority and arrival. A tenant that comes
/// back begins where the least served of those inside stands.
/// <b>Effects</b>: single-threaded; allocates when a tenant is first seen and when more wait than ever.
/// <b>Source</b>: virtual token counters, Sheng et al., "Fairness in Serving Large Language Models" (OSDI 2024).
/// </summary>
internal sealed class FairQueue
{
    private readonly Dictionary<string, TenantShare> _shares = new(StringComparer.Ordinal);
    private readonly List<TenantShare> _inside = [];
    private long _arrivals;

    public int Count { get; private set; }

    /// <summary>A sequence enters the engine.</summary>
    public void Enter(Sequence sequence)
    {
        var tenant = sequence.Generation.Request.Tenant;
        if (!_shares.TryGetValue(tenant, out var share))
        {
            _shares.Add(tenant, share = new TenantShare());
        }

        sequence.Arrive(share, _arrivals++);
        Wait(sequence);
    }

    /// <summary>A sequence that ran waits again, at the place of its arrival.</summary>
    public void Return(Sequence sequence)
    {
        sequence.Share.Running--;
        Wait(sequence);
    }

    /// <summary>The next sequence to run, or null.</summary>
    public Sequence? Peek()
    {
        Sequence? best = null;
        foreach (var share in _inside)
        {
            if (share.Waiting.Count > 0 && (best is null || IsBefore(share.Waiting[0], best)))
            {
                best = share.Waiting[0];
            }
        }

        return best;
    }

    /// <summary>A waiting sequence runs.</summary>
    public void Start(Sequence sequence)
    {
        Remove(sequence);
        sequence.Share.Running++;
    }

    /// <summary>A sequence leaves the engine; false when it was not waiting.</summary>
    public bool Leave(Sequence sequence, bool wasRunning)
    {
        if (wasRunning)
        {
            sequence.Share.Running--;
        }
        else
        {
            Remove(sequence);
        }

        if (!sequence.Share.IsInside)
        {
            _inside.Remove(sequence.Share);
        }

        return !wasRunning;
    }

    /// <summary>Every waiting sequence whose client went away, one at a time.</summary>
    public Sequence? FindCancelled()
    {
        foreach (var share in _inside)
        {
            for (var i = 0; i < share.Waiting.Count; i++)
            {
                if (share.Waiting[i].Generation.CancelRequested)
                {
                    return share.Waiting[i];
                }
            }
        }

        return null;
    }

    /// <summary>Whether the first is to be served before the second.</summary>
    public static bool IsBefore(Sequence first, Sequence second)
    {
        if (first.Share == second.Share)
        {
            return first.IsBefore(second);
        }

        var (priority, other) = (first.Generation.Request.TenantPriority, second.Generation.Request.TenantPriority);
        return priority != other ? priority < other
            : first.Share.Served != second.Share.Served ? first.Share.Served < second.Share.Served
            : first.Share.Running != second.Share.Running ? first.Share.Running < second.Share.Running
            : first.Arrival < second.Arrival;
    }

    private void Wait(Sequence sequence)
    {
        var share = sequence.Share;
        if (!_inside.Contains(share))
        {
            if (_inside.Count > 0)
            {
                share.CatchUpWith(_inside.Min(other => other.Served));
            }

            _inside.Add(share);
        }

        share.Add(sequence);
        Count++;
    }

    private void Remove(Sequence sequence)
    {
        if (!sequence.Share.Remove(sequence))
        {
            throw new InvalidOperationException("A sequence that does not wait was taken from the queue.");
        }

        Count--;
    }
}
