using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Blobs.S3;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Inspection;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Tenants;
using AdapterServe.AdapterStore.Uploads;
using AdapterServe.AdapterStore.Uploads.Resumable;

namespace AdapterServe.AdapterStore;

/// <summary>
/// The adapters of one data folder on one base model: taken in by <see cref="Uploads"/>, named by <see cref="Catalog"/>, held in memory by <see cref="Cache"/>, looked into by <see cref="Inspector"/>.
/// <b>Effects</b>: owns the data folder until disposed; every part may be used from any thread.
/// </summary>
public sealed class AdapterStorage : IDisposable
{
    private readonly StoreCore _core;
    private readonly RegistryFollower? _follower;
    private readonly PinnedAdapters _pinned;
    private readonly FileStream _folderLock;

    private AdapterStorage(StoreCore core, TimeProvider time, FileStream folderLock)
    {
        _core = core;
        _follower = core.Registry.Database.IsShared ? new RegistryFollower(core.Registry.Database, core.Feed.CatchUpAsync, time) : null;
        Maintenance = new StoreMaintenance(core, time);
        _pinned = new PinnedAdapters(core);
        Audit = new AdapterAudit(core);
        _folderLock = folderLock;
        Catalog = new AdapterCatalog(core);
        Tenants = new TenantCatalog(core);
        Uploads = new AdapterUploads(core);
        Resumable = new ResumableUploads(core, Uploads, Catalog, time);
        Compositions = new AdapterCompositions(core, Uploads);
        Inspector = new AdapterInspector(core.Cache, core.BaseModel, core.Options.InspectionLimit);
    }

    public BaseModel BaseModel => _core.BaseModel;

    public AdapterCatalog Catalog { get; }

    public TenantCatalog Tenants { get; }

    public AdapterUploads Uploads { get; }

    public ResumableUploads Resumable { get; }

    public AdapterCache Cache => _core.Cache;

    public AdapterCompositions Compositions { get; }

    public AdapterInspector Inspector { get; }

    public AdapterAudit Audit { get; }

    /// <summary>For tests, which don't wait for its rounds.</summary>
    internal StoreMaintenance Maintenance { get; }

    /// <summary>As <see cref="OpenAsync"/>, for a registry in a file, which is there at once.</summary>
    public static AdapterStorage Open(AdapterStoreOptions options, BaseModel baseModel, TimeProvider? time = null, IAdapterText? text = null) =>
        OpenAsync(options, baseModel, time, text, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>
    /// Opens or creates the data folder and removes what a crash may have left in it.
    /// <b>Errors</b>: Conflict when another server holds the folder (<c>data_folder_in_use</c>) or the registry is of another version (<c>registry_schema</c>);
    /// Unavailable when the registry's database is away.
    /// </summary>
    /// <param name="options">Where the data is, and limits.</param>
    /// <param name="baseModel">What adapters act on.</param>
    /// <param name="time">For tests.</param>
    /// <param name="text">Asked about every upload; null: nobody is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<AdapterStorage> OpenAsync(AdapterStoreOptions options, BaseModel baseModel, TimeProvider? time, IAdapterText? text, CancellationToken cancellationToken)
    {
        FileSystem.CreateFolder(options.DataDirectory);
        var clock = time ?? TimeProvider.System;
        var folderLock = TakeLock(options.DataDirectory);
        StoreCore? core = null;
        try
        {
            core = MakeCore(options, baseModel, clock, text);
            await core.Registry.OpenAsync(cancellationToken).ConfigureAwait(false);
            await core.Feed.CatchUpAsync(cancellationToken).ConfigureAwait(false);
            var isShared = core.Registry.Database.IsShared;
            core.Blobs.ClearStaging(isShared ? clock.GetUtcNow() - BlobClaims.Grace : DateTimeOffset.MaxValue);
            await CollectAsync(core, isAlone: !isShared, cancellationToken).ConfigureAwait(false);
            return new AdapterStorage(core, clock, folderLock);
        }
        catch
        {
            core?.Dispose();
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Brings a version's files to this machine's disk, for <see cref="OpenFiles"/> not to wait for them. <b>Errors</b>: NotFound, Unservable, Unavailable, StorageFull.</summary>
    public Task FetchFilesAsync(AdapterVersion version, CancellationToken cancellationToken) => _core.Blobs.FetchAsync(version.Digest, cancellationToken);

    /// <summary>A version's files, to be read at once: deleting the version removes them. <b>Errors</b>: as <see cref="FetchFilesAsync"/>.</summary>
    public BlobLease OpenFiles(AdapterVersion version) => _core.Blobs.Open(version.Digest);

    public void Dispose()
    {
        Resumable.Dispose();
        _follower?.Dispose();
        _pinned.Dispose();
        Maintenance.Dispose();
        Compositions.Dispose();
        Inspector.Dispose();
        _core.Dispose();
        _folderLock.Dispose();
    }

    private static StoreCore MakeCore(AdapterStoreOptions options, BaseModel baseModel, TimeProvider time, IAdapterText? text)
    {
        var registry = new AdapterRegistry(RegistryAddress.Open(options, time), baseModel.Fingerprint, time);
        var blobs = BlobAddress.Open(options);
        var computed = new ComputedStore(options, baseModel.Fingerprint);
        var loader = new AdapterLoader(baseModel, options.MaxAdapterBytes, options.AdapterWeights, computed);
        var snapshot = new CatalogSnapshot(new CatalogRules(baseModel.Fingerprint, options.AdapterWeights), new TenantProfiles(options.TenantDefaults));
        var feed = new CatalogFeed(registry, snapshot);
        // Where servers share names but not the files, a content that is not here may well be there.
        var failures = new LoadFailures(registry, feed, hasAllFiles: !registry.Database.IsShared || options.Blobs is { Length: > 0 });
        var cache = new AdapterCache(options.CacheBytes, weightsDigest =>
        {
            var (digest, task, isExact) = WeightsDigest.Split(weightsDigest);
            return failures.Watch(digest, time, () =>
            {
                using var stored = blobs.Open(digest);
                return loader.Load(stored.Files, digest, task, isExact).Weights;
            });
        }, time, blobs.FetchAsync);
        return new StoreCore(options, baseModel, blobs, registry, snapshot, feed, failures, loader, cache, computed, text);
    }

    /// <summary>A bucket that is away is no reason not to start: what is on this machine's disk can be served. <b>Errors</b>: Conflict <c>blobs_refused</c>.</summary>
    private static async Task CollectAsync(StoreCore core, bool isAlone, CancellationToken cancellationToken)
    {
        try
        {
            await core.CollectAsync(isAlone, cancellationToken).ConfigureAwait(false);
        }
        catch (AdapterStoreException away) when (away.Code == "blobs_unavailable")
        {
            if (S3Objects.IsRefusal(away))
            {
                throw new AdapterStoreException(AdapterErrorKind.Conflict, "blobs_refused", $"The bucket of --blobs refuses this server: {away.InnerException!.Message}", away);
            }
        }
    }

    private static FileStream TakeLock(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error) when (!StoreErrors.IsDiskFull(error))
        {
            throw new AdapterStoreException(
                AdapterErrorKind.Conflict, "data_folder_in_use", $"Another server uses the data folder {folder}; stop it or choose another folder.", error);
        }
    }
}
