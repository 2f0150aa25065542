using System.Diagnostics;

namespace AdapterServe.AdapterStore.Formats.Patterns;

/// <summary>
/// The time that one adapter's patterns may take together; they are other people's regular expressions.
/// </summary>
internal sealed class PatternBudget
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>For one match.</summary>
    public static TimeSpan MatchLimit { get; } = TimeSpan.FromMilliseconds(250);

    public void Require()
    {
        if (Stopwatch.GetElapsedTime(_start) > Limit)
        {
            throw TooSlow();
        }
    }

    public static AdapterStoreException TooSlow(Exception? inner = null) =>
        StoreErrors.Unservable("pattern_too_slow", "The patterns in adapter_config.json take too long to match; list plain module names instead.", inner);
}
