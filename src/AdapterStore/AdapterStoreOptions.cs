using AdapterServe.AdapterStore.Signatures;
using AdapterServe.AdapterStore.Tenants;

namespace AdapterServe.AdapterStore;

/// <summary>Where the store keeps its data and how much it takes.</summary>
public sealed class AdapterStoreOptions
{
    /// <summary>The data folder; created when missing. One server at a time uses it.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where the registry is: a PostgreSQL connection string (<c>Host=…;Database=…</c>), a SQLite file that other servers may share, or null for one in the data folder.</summary>
    public string? Registry { get; init; }

    /// <summary>The folder of the adapters' files, or <c>s3://bucket/prefix</c>, which servers with one registry share; null for a folder in the data folder.</summary>
    public string? Blobs { get; init; }

    /// <summary>How the bucket is reached, where <see cref="Blobs"/> is one.</summary>
    public S3Settings S3 { get; init; } = new();

    /// <summary>Disk for files of a bucket that were used last.</summary>
    public long BlobCacheBytes { get; init; } = 10L << 30;

    /// <summary>What becomes of the signatures of uploads.</summary>
    public SignaturePolicy Signatures { get; init; }

    /// <summary>The file of the keys that count, unless <see cref="Signatures"/> is off.</summary>
    public string? TrustedKeys { get; init; }

    /// <summary>Host memory for lowered weights, those in use included. A single adapter may take more, see <see cref="MaxAdapterBytes"/>.</summary>
    public long CacheBytes { get; init; } = 1L << 30;

    /// <summary>How low-rank factors are held.</summary>
    public AdapterWeightFormat AdapterWeights { get; init; }

    /// <summary>Disk for values that loads compute from the base's weights and keep for the next load; the oldest go first.</summary>
    public long ComputedBytes { get; init; } = 1L << 30;

    /// <summary>Most bytes of one upload, both as received and unpacked.</summary>
    public long MaxUploadBytes { get; init; } = 2L << 30;

    /// <summary>Memory that one adapter may take: a small file can ask for much. One that is larger than the cache has it for itself while it is in
    /// use.</summary>
    public long MaxAdapterBytes => Math.Max(CacheBytes, MaxUploadBytes);

    /// <summary>How long what was deleted can be restored; then it is purged. Zero purges at once.</summary>
    public TimeSpan DeletedRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>For tenants whose own limits don't say otherwise.</summary>
    public TenantLimits TenantDefaults { get; init; } = TenantLimits.None;

    /// <summary>How long one inspection may take; what is measured by then is answered.</summary>
    public TimeSpan InspectionLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Most files of one adapter.</summary>
    public int MaxFiles { get; init; } = 100;

    /// <summary>How many uploads may be checked at the same time; each holds its lowered weights outside the cache meanwhile.</summary>
    public int MaxConcurrentVerifications { get; init; } = 2;
}
