using System.Text.Json;
using System.Text.Json.Serialization;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>What the reference computed with two adapters at once.</summary>
internal sealed record MixedGolden(
    [property: JsonPropertyName("adapters")] string[] Adapters,
    [property: JsonPropertyName("weights")] double[] Weights,
    [property: JsonPropertyName("method")] string Method,
    [property: JsonPropertyName("density")] double? Density,
    [property: JsonPropertyName("majority_sign_method")] string? MajoritySignMethod,
    [property: JsonPropertyName("svd_rank")] int? SvdRank,
    [property: JsonPropertyName("cases")] GoldenCase[] Cases)
{
    private const string Sum = "sum";

    /// <summary>For each adapter whether it brings what it replaces; null: all do.</summary>
    public bool[]? WithAbs { get; init; }

    public string Name => string.Join(' ', [Method, .. Adapters, .. Density is { } density ? [$"{density}"] : Array.Empty<string>(), .. SvdRank is { } rank ? [$"rank {rank}"] : Array.Empty<string>()]);

    /// <summary>Those that can be stored as one LoRA.</summary>
    public static MixedGolden[] OfLoras()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(PathOf("mixed")));
        return file.RootElement.GetProperty("mixtures").Deserialize<MixedGolden[]>()!;
    }

    public static MixedGolden[] ReadAll() => [.. OfLoras(), .. File.Exists(PathOf("composition-lt-sft")) ? [OfSparseFineTunings()] : Array.Empty<MixedGolden>()];

    private static MixedGolden OfSparseFineTunings()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(PathOf("composition-lt-sft")));
        var composition = file.RootElement.GetProperty("composition");
        var adapters = composition.GetProperty("children").Deserialize<string[]>()!;
        return new MixedGolden(adapters, [.. adapters.Select(_ => 1.0)], Sum, null, null, null, file.RootElement.GetProperty("cases").Deserialize<GoldenCase[]>()!)
        {
            WithAbs = composition.GetProperty("kwargs").GetProperty("with_abs").Deserialize<bool[]>(),
        };
    }

    private static string PathOf(string name) => Path.Combine(GoldenFile.Folder, "goldens", name + ".json");
}
