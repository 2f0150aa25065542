using System.Collections.Frozen;
using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>The files of one adapter version as a reader sees them, staged or stored.</summary>
internal sealed class AdapterFiles(string folder, IEnumerable<string> names)
{
    private readonly FrozenSet<string> _names = names.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>How the uploader asks to have it approximated; null for exactly.</summary>
    public LowerOption? Lower { get; init; }

    public string Folder => folder;

    public IEnumerable<string> Names => _names.Order(StringComparer.Ordinal);

    public bool Has(string name) => _names.Contains(name);

    public string PathOf(string name) => Has(name) ? Path.Combine(folder, name) : throw new ArgumentException($"The adapter has no file {name}.", nameof(name));
}
