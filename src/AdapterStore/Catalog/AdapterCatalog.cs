using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// Names, versions and aliases. Reading never touches the registry; changes are durable when they return.
/// <b>Effects</b>: any thread; a change disturbs no request that holds a lease.
/// <b>Errors</b>: NotFound (<c>adapter_not_found</c>) for what the tenant does not have; Unservable (<c>wrong_base</c>) for a version that was never
/// verified on the base in use.
/// </summary>
public sealed partial class AdapterCatalog
{
    private readonly StoreCore _core;

    internal AdapterCatalog(StoreCore core) => _core = core;

    /// <summary>
    /// What a request's <c>model</c> field means: <c>[tenant/]name[@version|@digest|@alias][#task]</c>. The tenant may be the caller's own or <c>shared</c>.
    /// <b>Errors</b>: also NotFound (<c>task_not_found</c>) for a task that the adapter lacks, Malformed (<c>task_required</c>, <c>no_tasks</c>) where a task must, or must not, be named;
    /// Unservable (<c>adapter_quarantined</c>) for a version that could not be loaded.
    /// </summary>
    /// <param name="tenant">Who asks.</param>
    /// <param name="reference">The field.</param>
    /// <param name="key">Where an alias means two versions: the same key gets the same one.</param>
    public AdapterVersion Resolve(string tenant, string reference, string? key = null)
    {
        var (version, descriptor) = Choose(tenant, reference, key);
        if (descriptor.State == AdapterStates.Quarantined)
        {
            throw StoreErrors.Unservable(
                "adapter_quarantined", $"'{AdapterNames.Shorten(reference)}' could not be loaded and is set aside until a verification succeeds: {descriptor.Reason}");
        }

        return version;
    }

    /// <summary>What a reference means, as <see cref="Resolve"/>, also where requests for it are refused.</summary>
    public AdapterVersion Identify(string tenant, string reference) => Choose(tenant, reference, key: null).Version;

    /// <summary>What a reference means, as <see cref="Resolve"/>, but a task need not be named.</summary>
    public AdapterDescriptor Describe(string tenant, string reference)
    {
        var parsed = AdapterReference.Parse(tenant, reference);
        var (_, descriptor) = Find(tenant, parsed, reference, key: null);
        _ = parsed.Task is null ? null : AdapterTasks.Choose(descriptor.Tasks, parsed.Task, parsed.Name);
        return descriptor;
    }

    /// <summary>The current version of every usable adapter, by name.</summary>
    public IReadOnlyList<AdapterDescriptor> List(string tenant) => List(tenant, CatalogFilter.None);

    /// <summary>Those of them that a filter takes; where it asks for deleted ones, what those were.</summary>
    public IReadOnlyList<AdapterDescriptor> List(string tenant, CatalogFilter filter)
    {
        var versions = filter.State == AdapterStates.Deleted
            ? _core.Snapshot.DeletedOf(tenant).Select(entry => entry.Deleted.GetValueOrDefault(entry.CurrentNumber))
            : _core.Snapshot.Of(tenant).Select(entry => entry.Current);
        return [.. versions.Select(version => version?.Descriptor).OfType<AdapterDescriptor>().Where(filter.Takes)];
    }

    /// <summary>The current version.</summary>
    public AdapterDescriptor Get(string tenant, string name) => Find(tenant, name).Current.Descriptor ?? throw WrongBase(name);

    /// <summary>One version, by number, digest or alias.</summary>
    public AdapterDescriptor Get(string tenant, string name, string selector) => Find(Find(tenant, name), name, selector).Descriptor ?? throw WrongBase(name);

    /// <summary>All usable versions, oldest first.</summary>
    public IReadOnlyList<AdapterDescriptor> Versions(string tenant, string name) =>
        [.. Find(tenant, name).Versions.Values.Select(version => version.Descriptor).OfType<AdapterDescriptor>()];

    /// <summary>
    /// After something was not found: takes over what other replicas have changed. Returns false where there can be nothing new, and looking again is useless.
    /// <b>Errors</b>: Unavailable when the registry's database is away, so that nobody can tell.
    /// </summary>
    public async Task<bool> TryCatchUpAsync(CancellationToken cancellationToken)
    {
        if (!_core.Registry.Database.IsShared)
        {
            return false;
        }

        if (_core.Registry.Database.IsAway)
        {
            throw StoreErrors.RegistryUnavailable();
        }

        await _core.Feed.CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private static EntryVersion Find(AdapterEntry entry, string name, string selector) => entry.Find(selector) ?? throw NoVersion(name, selector);

    private static AdapterStoreException NoAdapter(string reference) => StoreErrors.NotFound($"There is no adapter '{AdapterNames.Shorten(reference)}'.");

    private (AdapterVersion Version, AdapterDescriptor Descriptor) Choose(string tenant, string reference, string? key)
    {
        var parsed = AdapterReference.Parse(tenant, reference);
        var (version, descriptor) = Find(tenant, parsed, reference, key);
        return (version with { Task = AdapterTasks.Choose(descriptor.Tasks, parsed.Task, parsed.Name) }, descriptor);
    }

    private (AdapterVersion Version, AdapterDescriptor Descriptor) Find(string tenant, AdapterReference parsed, string reference, string? key)
    {
        var entry = parsed.Owner == tenant || parsed.Owner == AdapterNames.SharedTenant ? _core.Snapshot.Find(parsed.Owner, parsed.Name) : null;
        var found = (parsed.Selector is null ? entry?.Current : entry?.Find(parsed.Selector, key))
            ?? throw NoAdapter(reference);
        return (found.Version, found.Descriptor ?? throw WrongBase(reference));
    }

    private static AdapterStoreException NoVersion(string name, string selector) =>
        StoreErrors.NotFound($"Adapter '{AdapterNames.Shorten(name)}' has no version '{AdapterNames.Shorten(selector)}'.");

    private AdapterStoreException WrongBase(string reference) => StoreErrors.Unservable(
        "wrong_base", $"'{AdapterNames.Shorten(reference)}' was uploaded for another base model than {_core.BaseModel.Id}; upload it again to have it checked on this one.");

    private AdapterEntry Find(string tenant, string name) => _core.Snapshot.Find(tenant, name) ?? throw NoAdapter(name);
}
