namespace AdapterServe.Engine.Scheduling;

/// <summary>What a tenant has had of the engine and what it waits for.</summary>
internal sealed class TenantShare
{
    private readonly List<Sequence> _waiting = [];

    /// <summary>Rows computed for the tenant, divided by its weight: who has least comes first.</summary>
    public double Served { get; private set; }

    public int Running { get; set; }

    /// <summary>The last step that brought the first token of a tenant with nothing else running.</summary>
    public long CameInStep { get; set; } = -1;

    public bool IsInside => Running > 0 || _waiting.Count > 0;

    /// <summary>By priority, then by arrival.</summary>
    public IReadOnlyList<Sequence> Waiting => _waiting;

    /// <summary>Only rows that were not computed before count: a sequence that gave way pays nothing for being computed again.</summary>
    public void Charge(Sequence sequence, int rows) =>
        Served += sequence.ChargeUpTo(sequence.Computed + rows) / sequence.Generation.Request.TenantWeight;

    /// <summary>A tenant that was away does not bring with it what it might have had meanwhile.</summary>
    public void CatchUpWith(double served) => Served = Math.Max(Served, served);

    public void Add(Sequence sequence)
    {
        var place = _waiting.Count;
        while (place > 0 && sequence.IsBefore(_waiting[place - 1]))
        {
            place--;
        }

        _waiting.Insert(place, sequence);
    }

    public bool Remove(Sequence sequence) => _waiting.Remove(sequence);
}
