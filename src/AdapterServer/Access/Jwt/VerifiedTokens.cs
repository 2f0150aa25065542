using System.Collections.Concurrent;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>Tokens that were found good. Only such ones are kept, so nobody without one can push others out. <b>Effects</b>: thread safe.</summary>
internal sealed class VerifiedTokens
{
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<TokenDigest, Entry> _entries = new();

    /// <summary>Null where it is not known, has expired, or was verified with keys that are no more.</summary>
    public Principal? Find(TokenDigest digest, JsonWebKeySet keys, DateTimeOffset now) =>
        _entries.TryGetValue(digest, out var entry) && ReferenceEquals(entry.Keys, keys) && now < entry.Expires ? entry.Principal : null;

    public void Add(TokenDigest digest, JsonWebKeySet keys, Principal principal, DateTimeOffset expires)
    {
        if (_entries.Count >= Most)
        {
            _entries.Clear();
        }

        _entries[digest] = new Entry(keys, principal, expires);
    }

    private sealed record Entry(JsonWebKeySet Keys, Principal Principal, DateTimeOffset Expires);
}
