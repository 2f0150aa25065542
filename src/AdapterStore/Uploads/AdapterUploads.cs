using System.Text.Json;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Uploads;

/// <summary>
/// Takes adapters in: staged, verified by lowering them once, then committed files first and registry last, so that a crash leaves a whole version or none.
/// </summary>
public sealed class AdapterUploads
{
    private readonly StoreCore _core;
    private readonly InventoryFiles _inventory;

    internal AdapterUploads(StoreCore core)
    {
        _core = core;
        _inventory = new InventoryFiles(core);
    }

    /// <summary>A place for the files of one upload; dispose it whatever happens.</summary>
    public StagedFiles Begin() => _core.Blobs.Begin();

    /// <summary>
    /// Makes the files the current version of a name. The next request may use it.
    /// <b>Semantics</b>: content equal to a version's makes that version current; nothing new is created then.
    /// <b>Effects</b>: on success the files belong to the store; on failure nothing has changed. Uploads of one name end in some order, none is lost.
    /// <b>Errors</b>: Malformed, Unservable or TooLarge with the reason; PreconditionFailed (<c>digest_mismatch</c>) when <paramref name="ifMatch"/> is not the
    /// current digest or there is none; StorageFull.
    /// </summary>
    /// <param name="tenant">Whose adapter it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="files">The upload; still to be disposed by the caller.</param>
    /// <param name="ifMatch">The digest that must be current, <c>sha256:…</c>, with or without quotes; null for any.</param>
    /// <param name="cancellationToken">Gives up; the upload is then either wholly in or not at all.</param>
    public async Task<UploadResult> PutAsync(string tenant, string name, StagedFiles files, string? ifMatch, CancellationToken cancellationToken)
    {
        AdapterNames.RequireTenant(tenant);
        AdapterNames.RequireAdapterName(name, _core.BaseModel.Id);
        if (files.Count == 0)
        {
            throw StoreErrors.Malformed("no_files", "The upload has no files.");
        }

        RequireMatch(name, _core.Snapshot.Find(tenant, name), ifMatch);
        await _inventory.AddAsync(tenant, files, cancellationToken).ConfigureAwait(false);
        var digest = files.ComputeDigest();
        var facts = KnownFacts(tenant, name, digest) ?? await VerifyAsync(files, digest, cancellationToken).ConfigureAwait(false);
        return await CommitAsync(tenant, name, files, ifMatch, new VerifiedContent(digest, facts), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What an earlier verification of the same content found, while its files are still stored.</summary>
    private string? KnownFacts(string tenant, string name, string digest) =>
        _core.Snapshot.Find(tenant, name)?.FindDigest(digest)?.Facts is { } facts && _core.Blobs.Exists(digest) ? facts : null;

    private async Task<string> VerifyAsync(StagedFiles files, string digest, CancellationToken cancellationToken)
    {
        using var _ = await _core.EnterVerificationAsync(cancellationToken).ConfigureAwait(false);
        return await Task.Run(() => Verify(files, digest, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private string Verify(StagedFiles files, string digest, CancellationToken cancellationToken)
    {
        var (facts, error) = Verify(files, digest, task: null);
        for (var task = 1; task < facts.Tasks.Length; task++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // The bound holds for every task.
            error = Verify(files, digest, task).Error is { } own ? Math.Max(error ?? 0, own) : error;
        }

        BlobStore.Flush(files);
        return JsonSerializer.Serialize(facts with { Exactness = SvdLowering.Describe(error) }, AdapterJsonContext.Default.AdapterFacts);
    }

    private (AdapterFacts Facts, double? Error) Verify(StagedFiles files, string digest, int? task)
    {
        var lowered = _core.Loader.Load(files.AsAdapterFiles(), digest, task);
        try
        {
            RequireServable(lowered, files.Folder, isFirst: task is null);
        }
        catch
        {
            lowered.Weights.Dispose();
            throw;
        }

        _core.Cache.Offer(lowered.Weights);
        return (lowered.Facts, lowered.Error);
    }

    private void RequireServable(LoweredAdapter lowered, string folder, bool isFirst)
    {
        if (lowered.Weights.Bytes > _core.Cache.CapacityBytes)
        {
            throw _core.Loader.TooLarge(lowered.Facts.WeightBytes);
        }

        if (isFirst)
        {
            _core.Text?.RequireServable(folder, lowered.Facts.AddedTokens);
        }
    }

    private async Task<UploadResult> CommitAsync(string tenant, string name, StagedFiles files, string? ifMatch, VerifiedContent content, CancellationToken cancellationToken)
    {
        var claim = await _core.Registry.Claims.ClaimAsync(content.Digest, cancellationToken).ConfigureAwait(false);
        try
        {
            _core.Blobs.Commit(files, content.Digest);
            var isNew = false;
            var after = await _core.Writer.ChangeAsync(tenant, name, NameAsync, cancellationToken).ConfigureAwait(false);
            return new UploadResult(isNew, after.Current.Descriptor!);

            Task NameAsync(AdapterChange change, AdapterEntry? entry)
            {
                RequireMatch(name, entry, ifMatch);
                var known = entry?.FindDigest(content.Digest);
                isNew = known is null;
                return known is null
                    ? change.AddVersionAsync(content.Digest, files.Bytes, content.Facts, claim)
                    : change.SetCurrentAsync(known.Version.Number, content.Digest, content.Facts, claim);
            }
        }
        catch (Exception error)
        {
            await _core.RemoveUnreferencedAsync(content.Digest, claim).ConfigureAwait(false);
            throw StoreErrors.IsDiskFull(error) ? StoreErrors.StorageFull(error) : error;
        }
    }

    private static void RequireMatch(string name, AdapterEntry? entry, string? ifMatch)
    {
        if (ifMatch is null)
        {
            return;
        }

        var current = entry?.Current.Version.Digest;
        if (current is null || (ifMatch.Trim() != "*" && ifMatch.Trim().Trim('"') != current))
        {
            throw new AdapterStoreException(
                AdapterErrorKind.PreconditionFailed,
                "digest_mismatch",
                current is null ? $"There is no adapter '{name}' whose digest could match If-Match." : $"The current digest of '{name}' is {current}, not the one in If-Match.");
        }
    }

    private sealed record VerifiedContent(string Digest, string Facts);
}
