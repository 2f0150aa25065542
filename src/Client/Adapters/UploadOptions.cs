namespace AdapterServe.Client.Adapters;

/// <summary>How an adapter is uploaded.</summary>
public sealed record UploadOptions
{
    /// <summary>The digest that must be current; null for any.</summary>
    public string? IfMatch { get; init; }

    /// <summary>The approximation that is asked for, e.g. <c>svd:rank=8</c>; null for exactly.</summary>
    public string? Lower { get; init; }

    /// <summary>Told of the bytes of the files that were sent.</summary>
    public IProgress<long>? Progress { get; init; }
}
