namespace AdapterServe.AdapterStore.Access;

/// <summary>A key in memory.</summary>
/// <param name="key">The key.</param>
/// <param name="current">Its secret.</param>
/// <param name="previous">The secret before; null where there is none.</param>
internal sealed class KnownKey(ApiKey key, KeySecret current, KeySecret? previous)
{
    private static readonly TimeSpan UseInterval = TimeSpan.FromHours(1);
    private static readonly KeySecret s_nobody = KeySecret.OfNobody();

    private readonly KeySecret _previous = previous ?? s_nobody;
    private long _usedTicks = key.LastUsedAt?.UtcTicks ?? 0;

    /// <summary>Stands in for keys that are not there, so that asking for them takes as long.</summary>
    public static KnownKey Nobody { get; } = new(new ApiKey(string.Empty, string.Empty, string.Empty, AccessScopes.None, default), s_nobody, null);

    public ApiKey Key => key;

    public bool IsProvenBy(ReadOnlySpan<char> secret, DateTimeOffset now)
    {
        var isCurrent = current.IsProvenBy(secret);
        var isPrevious = _previous.IsProvenBy(secret);
        return isCurrent | (isPrevious & (now < key.PreviousUntil));
    }

    public KeyState StateAt(DateTimeOffset now) => key.RevokedAt is not null ? KeyState.Revoked : now >= key.ExpiresAt ? KeyState.Expired : KeyState.Good;

    /// <summary>Whether this use is to be remembered: one an hour is.</summary>
    public bool TakeNote(DateTimeOffset now)
    {
        var last = Volatile.Read(ref _usedTicks);
        return now.UtcTicks - last >= UseInterval.Ticks && Interlocked.CompareExchange(ref _usedTicks, now.UtcTicks, last) == last;
    }
}
