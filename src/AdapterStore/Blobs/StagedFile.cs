using System.Collections.Immutable;

namespace AdapterServe.AdapterStore.Blobs;

/// <summary>One file of an upload, complete on disk.</summary>
/// <param name="Name">The bare file name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">SHA-256 of its content.</param>
public sealed record StagedFile(string Name, long Bytes, ImmutableArray<byte> Sha256);
