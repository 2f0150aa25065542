using System.Numerics;
using System.Runtime.InteropServices;

namespace AdapterServe.AdapterStore.Computed;

/// <summary>
/// What was computed from an adapter's file and the base's weights, by name: found where an earlier load kept it, computed otherwise.
/// <b>Effects</b>: of one load; not thread safe. Names begin with the computation and its edition, so that values of an older formula are never taken for those of a newer one.
/// </summary>
internal sealed class ComputedValues(long maxBytes)
{
    private readonly Dictionary<string, (int ElementBytes, ReadOnlyMemory<byte> Content)> _entries = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Whether something was computed that is worth keeping.</summary>
    public bool HasNew { get; private set; }

    /// <summary>In the order of names, which makes equal values equal files.</summary>
    public IEnumerable<(string Name, int ElementBytes, ReadOnlyMemory<byte> Content)> Entries =>
        _entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => (entry.Key, entry.Value.ElementBytes, entry.Value.Content));

    /// <summary>The values with a name. Kept ones of another length or type, and such as are not finite, are computed again.</summary>
    public T[] Get<T>(string name, int length, Func<T[]> compute)
        where T : unmanaged, INumberBase<T>
    {
        var elementBytes = Marshal.SizeOf<T>();
        if (_entries.TryGetValue(name, out var entry) && entry.ElementBytes == elementBytes && entry.Content.Length == (long)length * elementBytes)
        {
            var kept = MemoryMarshal.Cast<byte, T>(entry.Content.Span).ToArray();
            if (Array.TrueForAll(kept, T.IsFinite))
            {
                return kept;
            }
        }

        var values = compute();
        Keep(name, elementBytes, MemoryMarshal.AsBytes<T>(values));
        return values;
    }

    /// <summary>Takes what an earlier load kept.</summary>
    public void Add(string name, int elementBytes, ReadOnlyMemory<byte> content) => _entries[name] = (elementBytes, content);

    private void Keep(string name, int elementBytes, ReadOnlySpan<byte> content)
    {
        _bytes += content.Length;
        if (_bytes > maxBytes)
        {
            // Too much to be kept at all: then it should not take memory either.
            _entries.Clear();
            HasNew = false;
            return;
        }

        _entries[name] = (elementBytes, content.ToArray());
        HasNew = true;
    }
}
