namespace AdapterServe.AdapterServer.Quotas;

/// <summary>What a request has taken of its tenant's limits. Ends once, whoever ends it first.</summary>
internal sealed class Admission(TenantMeter meter, long reservedTokens, int sequences)
{
    private int _ended;

    /// <summary>Gives back what was not used.</summary>
    /// <param name="usedTokens">Of prompts and answers.</param>
    public void End(long usedTokens)
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            meter.Release(Math.Max(0, reservedTokens - usedTokens), sequences);
        }
    }
}
