using System.Globalization;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Catalog;

/// <content>Changes. Each is in the audit log, in the same transaction; <b>Errors</b> of all: PreconditionFailed where the caller's condition does not hold, Unavailable, StorageFull.</content>
public sealed partial class AdapterCatalog
{
    /// <summary>Hides the adapter with all its versions and aliases, at once. It can be restored until the retention has passed; then its files go.</summary>
    public Task DeleteAsync(Caller caller, string name, CancellationToken cancellationToken) => DeleteAsync(caller, name, isForGood: false, cancellationToken);

    /// <summary>Removes the adapter for good, and what was deleted of it before.</summary>
    public Task PurgeAsync(Caller caller, string name, CancellationToken cancellationToken) => DeleteAsync(caller, name, isForGood: true, cancellationToken);

    /// <summary>
    /// Hides one version, by number, digest or alias; the last one takes the adapter with it.
    /// <b>Errors</b>: Conflict when it is current while others remain (<c>version_is_current</c>), or an alias points to it (<c>version_has_alias</c>).
    /// </summary>
    public Task DeleteAsync(Caller caller, string name, string selector, CancellationToken cancellationToken) => DeleteAsync(caller, name, selector, isForGood: false, cancellationToken);

    /// <summary>Removes one version for good, and what was deleted of the adapter before. <b>Errors</b>: as those of deleting one.</summary>
    public Task PurgeAsync(Caller caller, string name, string selector, CancellationToken cancellationToken) => DeleteAsync(caller, name, selector, isForGood: true, cancellationToken);

    /// <summary>
    /// Brings back an adapter that was deleted, with the versions and aliases that it had; with a number, one deleted version of an adapter that is there.
    /// <b>Errors</b>: NotFound where nothing deleted is left; Conflict (<c>adapter_exists</c>) when the name was given to another adapter meanwhile;
    /// QuotaExceeded (<c>quota_exceeded</c>) when the tenant has as many others as it may have.
    /// </summary>
    public async Task<AdapterDescriptor> RestoreAsync(Caller caller, string name, int? number, CancellationToken cancellationToken)
    {
        var after = await _core.Writer.ChangeAsync(
            caller,
            name,
            "restore",
            async (change, entry) =>
            {
                var restored = Restorable(entry, name, number);
                await (number is null ? change.RestoreAdapterAsync() : change.RestoreVersionAsync(restored.Number)).ConfigureAwait(false);
                await _core.Quotas.RequireWithinAsync(change, hasMoreAdapters: number is null, hasMoreBytes: false).ConfigureAwait(false);
                return Of(restored);
            },
            cancellationToken).ConfigureAwait(false);
        return after.Versions[number ?? after.CurrentNumber].Descriptor ?? throw WrongBase(name);
    }

    /// <summary>Makes <c>name@alias</c> mean a version, by number, digest or another alias.</summary>
    public Task<AdapterDescriptor> SetAliasAsync(Caller caller, string name, string alias, string selector, CancellationToken cancellationToken) =>
        SetAliasAsync(caller, name, alias, [new AliasTarget(selector, 1)], cancellationToken);

    /// <summary>
    /// Makes <c>name@alias</c> mean one version, or two by weight; see <see cref="Resolve"/>. Returns the first.
    /// <b>Errors</b>: Malformed (<c>invalid_split</c>) for none or more than two, the same one twice, or weights that are not at least 1.
    /// </summary>
    public async Task<AdapterDescriptor> SetAliasAsync(Caller caller, string name, string alias, IReadOnlyList<AliasTarget> targets, CancellationToken cancellationToken)
    {
        AdapterNames.RequireAlias(alias);
        AliasTargets.Require(targets);
        AdapterVersion? first = null;
        var after = await ChangeAsync(
            caller,
            name,
            "alias",
            async (change, entry) =>
            {
                AdapterVersion[] versions = [.. targets.Select(target => Usable(entry, name, target.Version))];
                AliasTargets.RequireDifferent(versions);
                first = versions[0];
                await change.SetAliasAsync(alias, first.Number, targets[0].Weight, versions.Length > 1 ? versions[1].Number : null, versions.Length > 1 ? targets[1].Weight : 0).ConfigureAwait(false);
                return new ChangedVersion(first.Number, first.Digest, AliasTargets.Describe(alias, targets, versions));
            },
            cancellationToken).ConfigureAwait(false);
        return after.Versions[first!.Number].Descriptor!;
    }

    public Task RemoveAliasAsync(Caller caller, string name, string alias, CancellationToken cancellationToken) => ChangeAsync(
        caller,
        name,
        "delete_alias",
        async (change, entry) =>
        {
            var version = (entry.Find(alias) is { } known && entry.HasAlias(alias) ? known : throw NoVersion(name, alias)).Version;
            await change.RemoveAliasAsync(alias).ConfigureAwait(false);
            return Of(version) with { Detail = alias };
        },
        cancellationToken);

    /// <summary>Changes what is set beside the content. <b>Errors</b>: also Malformed (<c>invalid_label</c>, <c>too_many_labels</c>).</summary>
    public async Task<AdapterDescriptor> UpdateAsync(Caller caller, string name, AdapterSettings settings, CancellationToken cancellationToken)
    {
        AdapterSettings.RequireLabels(settings.Labels);
        var labels = settings.Labels is { } wanted ? LabelsJson.Format(wanted) : null;
        var after = await ChangeAsync(
            caller,
            name,
            "update",
            async (change, entry) =>
            {
                await change.UpdateAsync(labels, settings.Pinned is { } pinned ? (pinned ? 1 : 0) : null, settings.Priority).ConfigureAwait(false);
                return Of(entry.Current.Version) with
                {
                    Detail = string.Create(CultureInfo.InvariantCulture, $"labels {labels ?? "as before"}, pinned {settings.Pinned?.ToString() ?? "as before"}, priority {settings.Priority?.ToString(CultureInfo.InvariantCulture) ?? "as before"}"),
                };
            },
            cancellationToken).ConfigureAwait(false);
        return after.Current.Descriptor ?? throw WrongBase(name);
    }

    private static ChangedVersion Of(AdapterVersion version) => new(version.Number, version.Digest);

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

    private static AdapterVersion Restorable(AdapterEntry? entry, string name, int? number)
    {
        if (entry is { IsThere: true } && number is null)
        {
            throw Conflict("adapter_exists", $"There is an adapter '{name}'; delete it first, or name the version that is to be restored.");
        }

        var wanted = number ?? (entry?.DeletedAt is null ? null : entry.CurrentNumber);
        var isLost = entry is null || wanted is null || (number is not null && !entry.IsThere);
        return (isLost ? null : entry!.Deleted.GetValueOrDefault(wanted!.Value)?.Version)
            ?? throw StoreErrors.NotFound($"There is nothing deleted of '{AdapterNames.Shorten(name)}' that could be restored.");
    }

    private static AdapterStoreException Conflict(string code, string message) => new(AdapterErrorKind.Conflict, code, message);

    private AdapterVersion Usable(AdapterEntry entry, string name, string selector) =>
        Find(entry, name, selector) is { Descriptor: not null } found ? found.Version : throw WrongBase(name);

    private bool HasRetention => _core.Options.DeletedRetention != TimeSpan.Zero;

    private async Task DeleteAsync(Caller caller, string name, bool isForGood, CancellationToken cancellationToken)
    {
        IReadOnlyCollection<string> removed = [];
        await ChangeAsync(
            caller,
            name,
            "delete",
            async (change, entry) =>
            {
                removed = [.. entry.Versions.Values.Select(version => version.Version.Digest)];
                await change.DeleteAdapterAsync().ConfigureAwait(false);
                if (isForGood || !HasRetention)
                {
                    await change.PurgeAsync(change.Now).ConfigureAwait(false);
                }

                return new ChangedVersion(entry.CurrentNumber, entry.Current.Version.Digest);
            },
            cancellationToken).ConfigureAwait(false);
        await DropAsync(removed, isForGood).ConfigureAwait(false);
    }

    private async Task DeleteAsync(Caller caller, string name, string selector, bool isForGood, CancellationToken cancellationToken)
    {
        var removed = string.Empty;
        await ChangeAsync(
            caller,
            name,
            "delete_version",
            async (change, entry) =>
            {
                var version = Find(entry, name, selector).Version;
                RequireFree(entry, version);
                removed = version.Digest;
                await (entry.Versions.Count == 1 ? change.DeleteAdapterAsync() : change.DeleteVersionAsync(version.Number)).ConfigureAwait(false);
                if (isForGood || !HasRetention)
                {
                    await change.PurgeAsync(change.Now).ConfigureAwait(false);
                }

                return Of(version);
            },
            cancellationToken).ConfigureAwait(false);
        await DropAsync([removed], isForGood).ConfigureAwait(false);
    }

    /// <summary>After a deletion: contents that no version that is there has leave memory, and the disk where they were purged.</summary>
    private async Task DropAsync(IReadOnlyCollection<string> digests, bool isForGood)
    {
        var named = _core.Snapshot.Digests();
        foreach (var digest in digests.Where(digest => !named.Contains(digest)))
        {
            _core.Cache.UnloadContent(digest);
            if (isForGood || !HasRetention)
            {
                await _core.RemoveUnreferencedAsync(digest).ConfigureAwait(false);
            }
        }
    }

    /// <summary>A change of an adapter that is there.</summary>
    private Task<AdapterEntry> ChangeAsync(
        Caller caller, string name, string action, Func<AdapterChange, AdapterEntry, Task<ChangedVersion>> change, CancellationToken cancellationToken) =>
        _core.Writer.ChangeAsync(
            caller, name, action, (transaction, entry) => change(transaction, entry is { IsThere: true } ? entry : throw NoAdapter(name)), cancellationToken);
}
