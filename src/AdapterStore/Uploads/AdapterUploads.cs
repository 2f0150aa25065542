using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Uploads;

/// <summary>
/// Takes adapters in: staged, verified by lowering them once, then committed files first and registry last, so that a crash leaves a whole version or none.
/// </summary>
public sealed class AdapterUploads
{
    /// <summary>In the audit log.</summary>
    private const string Action = "put";

    private readonly StoreCore _core;
    private readonly InventoryFiles _inventory;
    private readonly AdapterVerification _verification;

    internal AdapterUploads(StoreCore core)
    {
        _core = core;
        _inventory = new InventoryFiles(core);
        _verification = new AdapterVerification(core);
    }

    /// <summary>A place for the files of one upload; dispose it whatever happens.</summary>
    public StagedFiles Begin() => _core.Blobs.Begin();

    /// <summary>
    /// Makes the files the current version of a name. The next request may use it.
    /// <b>Semantics</b>: content equal to a version's makes that version current; nothing new is created then.
    /// <b>Effects</b>: on success the files belong to the store; on failure nothing has changed. Uploads of one name end in some order, none is lost.
    /// <b>Errors</b>: Malformed, Unservable or TooLarge with the reason; PreconditionFailed (<c>digest_mismatch</c>) when <paramref name="ifMatch"/> is not the
    /// current digest or there is none; QuotaExceeded (<c>quota_exceeded</c>) when the tenant has as much as it may have; StorageFull.
    /// </summary>
    /// <param name="caller">Whose adapter it is, and who uploads it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="files">The upload; still to be disposed by the caller.</param>
    /// <param name="ifMatch">The digest that must be current, <c>sha256:…</c>, with or without quotes; null for any.</param>
    /// <param name="cancellationToken">Gives up; the upload is then either wholly in or not at all.</param>
    public async Task<UploadResult> PutAsync(Caller caller, string name, StagedFiles files, string? ifMatch, CancellationToken cancellationToken)
    {
        var tenant = caller.Tenant;
        AdapterNames.RequireTenant(tenant);
        AdapterNames.RequireAdapterName(name, _core.BaseModel.Id);
        if (files.Count == 0)
        {
            throw StoreErrors.Malformed("no_files", "The upload has no files.");
        }

        caller = caller with { IfMatch = ifMatch };
        try
        {
            await RequireMatchAsync(caller, name, cancellationToken).ConfigureAwait(false);
            await _inventory.AddAsync(tenant, files, cancellationToken).ConfigureAwait(false);
            var digest = files.ComputeDigest();
            var signer = _core.Signatures.Signer(tenant, digest, files.Signature);
            await RequireRoomAsync(caller, name, digest, files.Bytes, cancellationToken).ConfigureAwait(false);
            var facts = await KnownFactsAsync(tenant, name, digest, cancellationToken).ConfigureAwait(false) ?? await VerifyAsync(files, digest, cancellationToken).ConfigureAwait(false);
            return await CommitAsync(caller, name, files, new VerifiedContent(digest, facts, signer), cancellationToken).ConfigureAwait(false);
        }
        catch (AdapterStoreException refusal) when (refusal.Kind == AdapterErrorKind.Unservable)
        {
            await _core.Writer.RefuseAsync(caller, name, Action, refusal).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Loads what is stored of a version once more, also for a base that it was never verified on. Returns the version, ready or in quarantine with the reason.
    /// <b>Errors</b>: NotFound; those of the verification where there are no earlier facts that could be shown.
    /// </summary>
    /// <param name="caller">Who.</param>
    /// <param name="name">Of which adapter.</param>
    /// <param name="selector">Which version, by number, digest or alias; null: the current one.</param>
    /// <param name="cancellationToken">Gives up; then nothing has changed.</param>
    public async Task<AdapterDescriptor> VerifyAsync(Caller caller, string name, string? selector, CancellationToken cancellationToken)
    {
        var version = Find(_core.Snapshot.Find(caller.Tenant, name), name, selector);
        var (facts, failure) = await TryVerifyAsync(version.Digest, cancellationToken).ConfigureAwait(false);
        var after = await _core.Writer.ChangeAsync(caller, name, "verify", RecordAsync, cancellationToken).ConfigureAwait(false);
        // Other adapters may have this content.
        await _core.Feed.CatchUpAsync(cancellationToken).ConfigureAwait(false);
        return after.Versions[version.Number].Descriptor ?? throw failure!;

        async Task<ChangedVersion> RecordAsync(AdapterChange change, AdapterEntry? entry)
        {
            Find(entry is { IsThere: true } ? entry : null, name, version.Digest);
            await change.VerifyAsync(version.Digest, facts, failure?.Message).ConfigureAwait(false);
            return new ChangedVersion(version.Number, version.Digest, failure?.Message);
        }
    }

    private static AdapterVersion Find(AdapterEntry? entry, string name, string? selector) =>
        (selector is null ? entry?.Current : entry?.Find(selector))?.Version
        ?? throw StoreErrors.NotFound($"There is no adapter '{AdapterNames.Shorten(selector is null ? name : $"{name}@{selector}")}'.");

    private async Task<(string? Facts, AdapterStoreException? Failure)> TryVerifyAsync(string digest, CancellationToken cancellationToken)
    {
        try
        {
            await _core.Blobs.FetchAsync(digest, cancellationToken).ConfigureAwait(false);
            using var stored = _core.Blobs.Open(digest);
            return (await _verification.RunAsync(stored.Files, digest, null, cancellationToken).ConfigureAwait(false), null);
        }
        catch (AdapterStoreException failure) when (failure.Kind is AdapterErrorKind.NotFound or AdapterErrorKind.Malformed or AdapterErrorKind.Unservable)
        {
            return (null, failure);
        }
    }

    /// <summary>Ahead of the work, which would be in vain; the change itself checks again.</summary>
    private async Task RequireMatchAsync(Caller caller, string name, CancellationToken cancellationToken)
    {
        if (caller.IfMatch is not null)
        {
            if (_core.Registry.Database.IsShared)
            {
                await _core.Feed.CatchUpAsync(cancellationToken).ConfigureAwait(false);
            }

            CatalogWriter.RequireMatch(name, _core.Snapshot.Find(caller.Tenant, name), caller.IfMatch);
        }
    }

    /// <summary>Ahead of the verification, by what is known here; the change itself checks again.</summary>
    private async Task RequireRoomAsync(Caller caller, string name, string digest, long bytes, CancellationToken cancellationToken)
    {
        var refusal = _core.Quotas.FindRefusal(caller.Tenant, name, digest, bytes);
        if (refusal is not null && _core.Registry.Database.IsShared)
        {
            // Another server may have deleted something.
            await _core.Feed.CatchUpAsync(cancellationToken).ConfigureAwait(false);
            refusal = _core.Quotas.FindRefusal(caller.Tenant, name, digest, bytes);
        }

        if (refusal is not null)
        {
            await _core.Writer.RefuseAsync(caller, name, Action, refusal).ConfigureAwait(false);
            throw refusal;
        }
    }

    /// <summary>What an earlier verification of the same content found, while its files are still stored.</summary>
    private async Task<string?> KnownFactsAsync(string tenant, string name, string digest, CancellationToken cancellationToken) =>
        _core.Snapshot.Find(tenant, name)?.FindDigest(digest)?.Facts is { } facts && await _core.Blobs.ExistsAsync(digest, cancellationToken).ConfigureAwait(false) ? facts : null;

    private Task<string> VerifyAsync(StagedFiles files, string digest, CancellationToken cancellationToken) =>
        _verification.RunAsync(files.AsAdapterFiles(), digest, files.Flush, cancellationToken);

    private async Task<UploadResult> CommitAsync(Caller caller, string name, StagedFiles files, VerifiedContent content, CancellationToken cancellationToken)
    {
        var claim = await _core.Registry.Claims.ClaimAsync(content.Digest, cancellationToken).ConfigureAwait(false);
        try
        {
            await _core.Blobs.CommitAsync(files, content.Digest, claim.IsSound, cancellationToken).ConfigureAwait(false);
            var isNew = false;
            var after = await _core.Writer.ChangeAsync(caller, name, Action, NameAsync, cancellationToken).ConfigureAwait(false);
            return new UploadResult(isNew, after.Current.Descriptor!);

            async Task<ChangedVersion> NameAsync(AdapterChange change, AdapterEntry? entry)
            {
                var known = entry is { IsThere: true } ? entry.FindDigest(content.Digest) : null;
                isNew = known is null;
                await (known is null
                    ? change.AddVersionAsync(content.Digest, files.Bytes, content.Facts, content.Signer, claim.Name)
                    : change.SetCurrentAsync(known.Version.Number, content.Digest, content.Facts, content.Signer, claim.Name)).ConfigureAwait(false);
                await _core.Quotas.RequireWithinAsync(change, hasMoreAdapters: entry is not { IsThere: true }, hasMoreBytes: isNew).ConfigureAwait(false);
                return new ChangedVersion(known?.Version.Number, content.Digest, content.Signer is null ? null : $"signed by {content.Signer}");
            }
        }
        catch (Exception error)
        {
            await _core.RemoveUnreferencedAsync(content.Digest, claim.Name).ConfigureAwait(false);
            throw StoreErrors.IsDiskFull(error) ? StoreErrors.StorageFull(error) : error;
        }
    }

    private sealed record VerifiedContent(string Digest, string Facts, string? Signer);
}
