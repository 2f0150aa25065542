namespace AdapterServe.AdapterStore.Formats.TorchPickle;

/// <summary>A dictionary in the file's order; its keys are strings and numbers.</summary>
internal sealed class PickleDict
{
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly List<(PickleValue Key, PickleValue Value)> _items = [];

    /// <summary>True for a collections.OrderedDict, which may carry attributes.</summary>
    public bool IsOrdered { get; init; }

    public IReadOnlyList<(PickleValue Key, PickleValue Value)> Items => _items;

    /// <summary>The value at a string key, or null.</summary>
    public PickleValue? Find(string key) => _places.TryGetValue("s" + key, out var place) ? _items[place].Value : null;

    /// <summary><b>Errors</b>: <c>pickle_key</c>.</summary>
    public void Add(PickleValue key, PickleValue value)
    {
        var name = key.Kind switch
        {
            PickleKind.Text => "s" + key.Text,
            PickleKind.Int => "i" + key.Int.ToString(System.Globalization.CultureInfo.InvariantCulture),
            _ => throw PickleErrors.Key(),
        };
        if (!_places.TryAdd(name, _items.Count))
        {
            throw PickleErrors.Key();
        }

        _items.Add((key, value));
    }
}
