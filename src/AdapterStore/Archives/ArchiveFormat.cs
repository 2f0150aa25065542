namespace AdapterServe.AdapterStore.Archives;

/// <summary>How a whole adapter comes in one body.</summary>
public enum ArchiveFormat
{
    Zip,

    /// <summary>Plain, or gzip-compressed as its first two bytes tell.</summary>
    Tar,
}
