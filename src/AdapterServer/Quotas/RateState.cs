namespace AdapterServe.AdapterServer.Quotas;

/// <summary>How a limit stands.</summary>
/// <param name="Limit">A minute's amount.</param>
/// <param name="Remaining">What could be used at once.</param>
/// <param name="Reset">How long until all of it could.</param>
internal readonly record struct RateState(int Limit, int Remaining, TimeSpan Reset)
{
    public int Used => Limit - Remaining;
}
