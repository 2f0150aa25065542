using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Reads one file format of one adapter kind. A new kind is a new reader in <see cref="AdapterReaders"/>; nothing else asks for kinds.
/// </summary>
internal interface IAdapterReader
{
    /// <summary>The kinds that it serves or refuses, for the documentation; a test wants at least one.</summary>
    IEnumerable<AdapterKind> Kinds => [];

    /// <summary>Whether the folder is of this format, sound or not. Looks at file names and at the configuration's keys only.</summary>
    bool Recognises(AdapterFolder folder);

    /// <summary>Of a kind that is nothing without another adapter: that adapter's reference and the kind that it must be of. Null for all others.</summary>
    (string Name, string Kind)? InventoryOf(AdapterFolder folder) => null;

    /// <summary>
    /// <b>Semantics</b>: what acts at which site of the base, checked against the configuration and the base's shapes; the values are not read yet.
    /// <b>Errors</b>: Malformed for bytes that are not what they claim; Unservable for what can't be served exactly.
    /// </summary>
    AdapterTensors Read(AdapterFolder folder, BaseModel baseModel);
}
