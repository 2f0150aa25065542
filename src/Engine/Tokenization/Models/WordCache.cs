using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>
/// Remembers the tokens of short words. Bounded by forgetting everything when full, which costs less than any order of use. Thread safe.
/// </summary>
internal sealed class WordCache
{
    private const int MaxWords = 16_384;
    private const int MaxWordLength = 64;

    private readonly ConcurrentDictionary<string, int[]> _words = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private int _count;

    public WordCache() => _lookup = _words.GetAlternateLookup<ReadOnlySpan<char>>();

    public bool TryGet(ReadOnlySpan<char> word, [NotNullWhen(true)] out int[]? ids)
    {
        ids = null;
        return word.Length <= MaxWordLength && _lookup.TryGetValue(word, out ids);
    }

    /// <summary>Keeps a copy of <paramref name="ids"/>[<paramref name="first"/>, end).</summary>
    public void Add(ReadOnlySpan<char> word, List<int> ids, int first)
    {
        if (word.Length > MaxWordLength)
        {
            return;
        }

        if (Interlocked.Increment(ref _count) > MaxWords)
        {
            _words.Clear();
            Volatile.Write(ref _count, 0);
        }

        _words[word.ToString()] = [.. ids[first..]];
    }
}
