namespace AdapterServe.AdapterStore;

/// <summary>Why the store turned something down; the host maps each to one status.</summary>
public enum AdapterErrorKind
{
    /// <summary>The bytes are not what they claim to be (400).</summary>
    Malformed,

    /// <summary>A sound file that can't be served exactly on this base (422).</summary>
    Unservable,

    /// <summary>More bytes, files or tensors than the limits allow (413).</summary>
    TooLarge,

    /// <summary>No such adapter, version or alias (404).</summary>
    NotFound,

    /// <summary>A running change is in the way (409).</summary>
    Conflict,

    /// <summary>The compare-and-swap digest is not the current one (412).</summary>
    PreconditionFailed,

    /// <summary>The tenant has as much as it may have (429).</summary>
    QuotaExceeded,

    /// <summary>The disk is full (507).</summary>
    StorageFull,

    /// <summary>Something that the store depends on is away for the moment (503).</summary>
    Unavailable,
}
