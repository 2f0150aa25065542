using System.Text.Json;
using System.Text.Json.Serialization;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>What the reference computed with two LoRAs at once.</summary>
internal sealed record MixedGolden(
    [property: JsonPropertyName("adapters")] string[] Adapters,
    [property: JsonPropertyName("weights")] double[] Weights,
    [property: JsonPropertyName("method")] string Method,
    [property: JsonPropertyName("density")] double? Density,
    [property: JsonPropertyName("majority_sign_method")] string? MajoritySignMethod,
    [property: JsonPropertyName("svd_rank")] int? SvdRank,
    [property: JsonPropertyName("cases")] GoldenCase[] Cases)
{
    public string Name => string.Join(' ', [Method, .. Adapters, .. Density is { } density ? [$"{density}"] : Array.Empty<string>(), .. SvdRank is { } rank ? [$"rank {rank}"] : Array.Empty<string>()]);

    public static MixedGolden[] ReadAll()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(GoldenFile.Folder, "goldens", "mixed.json")));
        return file.RootElement.GetProperty("mixtures").Deserialize<MixedGolden[]>()!;
    }
}
