using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Blobs.S3;

/// <summary>What a stored content consists of; written behind its files, so that where it is they are.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Lower">See <see cref="AdapterFiles.Lower"/>.</param>
internal sealed record BlobManifest(ImmutableArray<ManifestFile> Files, string? Lower)
{
    /// <summary>Beside the files; no file of an adapter can be called so.</summary>
    public const string Name = ".manifest";

    public const int MaxBytes = 1 << 20;

    public static BlobManifest Of(StagedFiles files) =>
        new([.. files.Files.Select(OfStaged)], files.Lower?.ToString());

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, BlobManifestContext.Default.BlobManifest);

    /// <summary>Null where it is none, or not that of the digest.</summary>
    public static BlobManifest? TryRead(byte[] content, string digest)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize(content, BlobManifestContext.Default.BlobManifest);
            return manifest is { Files.IsDefault: false } && ContentDigest.Of(manifest.Files.Select(ToStaged), manifest.LowerOption) == digest
                ? manifest
                : null;
        }
        catch (Exception error) when (error is JsonException or FormatException or AdapterStoreException or ArgumentNullException)
        {
            return null;
        }
    }

    [JsonIgnore]
    public LowerOption? LowerOption => Lower is null ? null : Lowering.LowerOption.Parse(Lower);

    private static ManifestFile OfStaged(StagedFile file) => new(file.Name, file.Bytes, Convert.ToHexStringLower(file.Sha256.AsSpan()));

    private static StagedFile ToStaged(ManifestFile file) => new(file.Name, file.Bytes, [.. Convert.FromHexString(file.Sha256)]);
}

/// <summary>One file of a stored content.</summary>
internal sealed record ManifestFile(string Name, long Bytes, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BlobManifest))]
internal sealed partial class BlobManifestContext : JsonSerializerContext;
