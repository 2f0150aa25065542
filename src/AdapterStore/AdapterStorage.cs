using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Blobs;
using AdapterServe.AdapterStore.Cache;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Inspection;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Registry;
using AdapterServe.AdapterStore.Uploads;

namespace AdapterServe.AdapterStore;

/// <summary>
/// The adapters of one data folder on one base model: taken in by <see cref="Uploads"/>, named by <see cref="Catalog"/>, held in memory by <see cref="Cache"/>, looked into by <see cref="Inspector"/>.
/// <b>Effects</b>: owns the data folder until disposed; every part may be used from any thread.
/// </summary>
public sealed class AdapterStorage : IDisposable
{
    private readonly StoreCore _core;
    private readonly FileStream _folderLock;

    private AdapterStorage(StoreCore core, FileStream folderLock)
    {
        _core = core;
        _folderLock = folderLock;
        Catalog = new AdapterCatalog(core);
        Uploads = new AdapterUploads(core);
        Compositions = new AdapterCompositions(core, Uploads);
        Inspector = new AdapterInspector(core.Cache, core.BaseModel, core.Options.InspectionLimit);
    }

    public BaseModel BaseModel => _core.BaseModel;

    public AdapterCatalog Catalog { get; }

    public AdapterUploads Uploads { get; }

    public AdapterCache Cache => _core.Cache;

    public AdapterCompositions Compositions { get; }

    public AdapterInspector Inspector { get; }

    /// <summary>
    /// Opens or creates the data folder and removes what a crash may have left in it.
    /// <b>Errors</b>: Conflict when another server holds the folder (<c>data_folder_in_use</c>) or the registry is of another version (<c>registry_schema</c>).
    /// </summary>
    /// <param name="options">Where the data is, and limits.</param>
    /// <param name="baseModel">What adapters act on.</param>
    /// <param name="time">For tests.</param>
    /// <param name="text">Asked about every upload; null: nobody is.</param>
    public static AdapterStorage Open(AdapterStoreOptions options, BaseModel baseModel, TimeProvider? time = null, IAdapterText? text = null)
    {
        FileSystem.CreateFolder(options.DataDirectory);
        var folderLock = TakeLock(options.DataDirectory);
        AdapterRegistry? registry = null;
        try
        {
            var blobs = new BlobStore(options);
            registry = new AdapterRegistry(Path.Combine(options.DataDirectory, "registry.db"), baseModel.Fingerprint, time ?? TimeProvider.System);
            var snapshot = new CatalogSnapshot(registry, new CatalogRules(baseModel.Fingerprint, options.AdapterWeights));
            blobs.Sweep(snapshot.Digests());
            var computed = new ComputedStore(options, baseModel.Fingerprint);
            var loader = new AdapterLoader(baseModel, options.MaxAdapterBytes, options.AdapterWeights, computed);
            var cache = new AdapterCache(options.CacheBytes, weightsDigest =>
            {
                var (digest, task, isExact) = WeightsDigest.Split(weightsDigest);
                return loader.Load(blobs.Open(digest), digest, task, isExact).Weights;
            }, time);
            return new AdapterStorage(new StoreCore(options, baseModel, blobs, registry, snapshot, loader, cache, computed, text), folderLock);
        }
        catch
        {
            registry?.Dispose();
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Where a version's files lie, to be read at once: deleting the version removes them.</summary>
    public string FolderOf(AdapterVersion version) => _core.Blobs.FolderOf(version.Digest);

    public void Dispose()
    {
        Compositions.Dispose();
        Inspector.Dispose();
        _core.Dispose();
        _folderLock.Dispose();
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
