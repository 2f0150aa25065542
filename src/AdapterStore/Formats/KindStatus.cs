namespace AdapterServe.AdapterStore.Formats;

/// <summary>What becomes of a kind's files.</summary>
internal enum KindStatus
{
    /// <summary>Served as the file says.</summary>
    Exact,

    /// <summary>Served exactly after its own tool's conversion, and refused without it.</summary>
    Converted,

    Refused,
}
