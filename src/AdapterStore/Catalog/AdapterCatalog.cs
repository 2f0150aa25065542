using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Catalog;

/// <summary>
/// Names, versions and aliases. Reading never touches the registry; changes are durable when they return.
/// <b>Effects</b>: any thread; a change disturbs no request that holds a lease.
/// <b>Errors</b>: NotFound (<c>adapter_not_found</c>) for what the tenant does not have; Unservable (<c>wrong_base</c>) for a version that was never
/// verified on the base in use.
/// </summary>
public sealed class AdapterCatalog
{
    private readonly StoreCore _core;

    internal AdapterCatalog(StoreCore core) => _core = core;

    /// <summary>
    /// What a request's <c>model</c> field means: <c>[tenant/]name[@version|@digest|@alias][#task]</c>. The tenant may be the caller's own or <c>shared</c>.
    /// <b>Errors</b>: also NotFound (<c>task_not_found</c>) for a task that the adapter lacks, Malformed (<c>task_required</c>, <c>no_tasks</c>) where a task must, or must not, be named.
    /// </summary>
    public AdapterVersion Resolve(string tenant, string reference)
    {
        var parsed = AdapterReference.Parse(tenant, reference);
        var (version, descriptor) = Find(tenant, parsed, reference);
        return version with { Task = AdapterTasks.Choose(descriptor.Tasks, parsed.Task, parsed.Name) };
    }

    /// <summary>What a reference means, as <see cref="Resolve"/>, but a task need not be named.</summary>
    public AdapterDescriptor Describe(string tenant, string reference)
    {
        var parsed = AdapterReference.Parse(tenant, reference);
        var (_, descriptor) = Find(tenant, parsed, reference);
        _ = parsed.Task is null ? null : AdapterTasks.Choose(descriptor.Tasks, parsed.Task, parsed.Name);
        return descriptor;
    }

    /// <summary>The current version of every usable adapter, by name.</summary>
    public IReadOnlyList<AdapterDescriptor> List(string tenant) => [.. _core.Snapshot.Of(tenant).Select(entry => entry.Current.Descriptor).OfType<AdapterDescriptor>()];

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

    /// <summary>Removes the adapter with all its versions and aliases.</summary>
    public async Task DeleteAsync(string tenant, string name, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<EntryVersion> removed = [];
        await ChangeAsync(
            tenant,
            name,
            (change, entry) =>
            {
                removed = [.. entry.Versions.Values];
                return change.RemoveAdapterAsync();
            },
            cancellationToken).ConfigureAwait(false);
        foreach (var version in removed)
        {
            await _core.RemoveUnreferencedAsync(version.Version.Digest).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Removes one version, by number, digest or alias; the last one takes the adapter with it.
    /// <b>Errors</b>: Conflict when it is current while others remain (<c>version_is_current</c>), or an alias points to it (<c>version_has_alias</c>).
    /// </summary>
    public async Task DeleteAsync(string tenant, string name, string selector, CancellationToken cancellationToken)
    {
        var removed = string.Empty;
        await ChangeAsync(
            tenant,
            name,
            (change, entry) =>
            {
                var version = Find(entry, name, selector).Version;
                RequireFree(entry, version);
                removed = version.Digest;
                return entry.Versions.Count == 1 ? change.RemoveAdapterAsync() : change.RemoveVersionAsync(version.Number);
            },
            cancellationToken).ConfigureAwait(false);
        await _core.RemoveUnreferencedAsync(removed).ConfigureAwait(false);
    }

    /// <summary>Makes <c>name@alias</c> mean a version, by number, digest or another alias.</summary>
    public async Task<AdapterDescriptor> SetAliasAsync(string tenant, string name, string alias, string selector, CancellationToken cancellationToken)
    {
        AdapterNames.RequireAlias(alias);
        var number = 0;
        var after = await ChangeAsync(
            tenant,
            name,
            (change, entry) =>
            {
                var version = Find(entry, name, selector);
                number = version.Descriptor is null ? throw WrongBase(name) : version.Version.Number;
                return change.SetAliasAsync(alias, number);
            },
            cancellationToken).ConfigureAwait(false);
        return after.Versions[number].Descriptor!;
    }

    public Task RemoveAliasAsync(string tenant, string name, string alias, CancellationToken cancellationToken) => ChangeAsync(
        tenant,
        name,
        (change, entry) => entry.HasAlias(alias) ? change.RemoveAliasAsync(alias) : throw NoVersion(name, alias),
        cancellationToken);

    private static EntryVersion Find(AdapterEntry entry, string name, string selector) => entry.Find(selector) ?? throw NoVersion(name, selector);

    private static void RequireFree(AdapterEntry entry, AdapterVersion version)
    {
        if (entry.HasAliasTo(version.Number))
        {
            throw Conflict("version_has_alias", $"An alias points to version {version.Number} of '{entry.Name}'; move or delete the alias first.");
        }

        if (entry.Versions.Count > 1 && entry.CurrentNumber == version.Number)
        {
            throw Conflict("version_is_current", $"Version {version.Number} is the current one of '{entry.Name}'; upload the content that is to replace it first.");
        }
    }

    private static AdapterStoreException NoAdapter(string reference) => StoreErrors.NotFound($"There is no adapter '{AdapterNames.Shorten(reference)}'.");

    /// <summary>A change of an adapter that is there.</summary>
    private Task<AdapterEntry> ChangeAsync(string tenant, string name, Func<AdapterChange, AdapterEntry, Task> change, CancellationToken cancellationToken) =>
        _core.Writer.ChangeAsync(tenant, name, (transaction, entry) => change(transaction, entry ?? throw NoAdapter(name)), cancellationToken);

    private (AdapterVersion Version, AdapterDescriptor Descriptor) Find(string tenant, AdapterReference parsed, string reference)
    {
        var entry = parsed.Owner == tenant || parsed.Owner == AdapterNames.SharedTenant ? _core.Snapshot.Find(parsed.Owner, parsed.Name) : null;
        var found = (parsed.Selector is null ? entry?.Current : entry?.Find(parsed.Selector))
            ?? throw NoAdapter(reference);
        return (found.Version, found.Descriptor ?? throw WrongBase(reference));
    }

    private static AdapterStoreException NoVersion(string name, string selector) =>
        StoreErrors.NotFound($"Adapter '{AdapterNames.Shorten(name)}' has no version '{AdapterNames.Shorten(selector)}'.");

    private static AdapterStoreException Conflict(string code, string message) => new(AdapterErrorKind.Conflict, code, message);

    private AdapterStoreException WrongBase(string reference) => StoreErrors.Unservable(
        "wrong_base", $"'{AdapterNames.Shorten(reference)}' was uploaded for another base model than {_core.BaseModel.Id}; upload it again to have it checked on this one.");

    private AdapterEntry Find(string tenant, string name) => _core.Snapshot.Find(tenant, name) ?? throw NoAdapter(name);
}
