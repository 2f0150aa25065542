namespace AdapterServe.AdapterServer.Rest.Tools;

/// <summary>What a text is, after another character of it.</summary>
internal enum ScanResult
{
    /// <summary>The beginning of a value.</summary>
    More,

    /// <summary>A whole value.</summary>
    Done,

    /// <summary>No beginning of any value.</summary>
    Bad,
}
