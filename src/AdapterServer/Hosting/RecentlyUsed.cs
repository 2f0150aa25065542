namespace AdapterServe.AdapterServer.Hosting;

/// <summary>
/// Values by key, those asked for last. <b>Semantics</b>: each is made once however many ask for it at a time; together they weigh at most the capacity, but for the newest.
/// <b>Effects</b>: thread safe. <b>Errors</b>: what making reports; it is tried again the next time.
/// </summary>
internal sealed class RecentlyUsed<T>(long capacity, Func<T, long> weigh)
    where T : class
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = new(StringComparer.Ordinal);
    private readonly LinkedList<Entry> _order = new();
    private long _weight;

    /// <summary>Whether <see cref="Get"/> would make nothing.</summary>
    public bool Has(string key)
    {
        lock (_gate)
        {
            return _entries.ContainsKey(key);
        }
    }

    public T Get(string key, Func<T> make)
    {
        var entry = Find(key, make);
        try
        {
            var value = entry.Value.Value;
            Settle(entry, weigh(value));
            return value;
        }
        catch
        {
            Remove(entry);
            throw;
        }
    }

    private Entry Find(string key, Func<T> make)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var known))
            {
                _order.Remove(known);
                _order.AddFirst(known);
                return known.Value;
            }

            var entry = new Entry(key, new Lazy<T>(make));
            _entries.Add(key, _order.AddFirst(entry));
            return entry;
        }
    }

    private void Settle(Entry entry, long weight)
    {
        lock (_gate)
        {
            if (entry.Weight > 0 || !IsHeld(entry))
            {
                return;
            }

            entry.Weight = Math.Max(weight, 1);
            _weight += entry.Weight;
            while (_weight > capacity && _order.Last is { } last && last.Value != entry)
            {
                Drop(last);
            }
        }
    }

    private void Remove(Entry entry)
    {
        lock (_gate)
        {
            if (IsHeld(entry))
            {
                Drop(_entries[entry.Key]);
            }
        }
    }

    private bool IsHeld(Entry entry) => _entries.TryGetValue(entry.Key, out var node) && node.Value == entry;

    private void Drop(LinkedListNode<Entry> node)
    {
        _entries.Remove(node.Value.Key);
        _order.Remove(node);
        _weight -= node.Value.Weight;
    }

    private sealed class Entry(string key, Lazy<T> value)
    {
        public string Key => key;

        public Lazy<T> Value => value;

        /// <summary>0 while it is being made.</summary>
        public long Weight { get; set; }
    }
}
