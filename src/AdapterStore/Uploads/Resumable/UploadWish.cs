using System.Collections.Immutable;
using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Uploads.Resumable;

/// <summary>What shall become of a resumable upload.</summary>
/// <param name="Name">The adapter's name.</param>
/// <param name="Bytes">How long the archive is.</param>
public sealed record UploadWish(string Name, long Bytes)
{
    /// <summary>See <see cref="LowerOption"/>.</summary>
    public string? Lower { get; init; }

    /// <summary>See <see cref="Blobs.StagedFiles.Signature"/>.</summary>
    public string? Signature { get; init; }

    /// <summary>The adapter's labels from then on; null leaves those that there are.</summary>
    public ImmutableSortedDictionary<string, string>? Labels { get; init; }
}
