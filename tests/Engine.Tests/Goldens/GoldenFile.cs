using System.Text.Json;
using System.Text.Json.Serialization;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>What the reference computed with one adapter: see tests/data/README.md.</summary>
internal sealed record GoldenFile(
    [property: JsonPropertyName("adapter")] string Adapter,
    [property: JsonPropertyName("task")] JsonElement Task,
    [property: JsonPropertyName("cases")] GoldenCase[] Cases)
{
    /// <summary>tests/data, or the folder that ADAPTERSERVE_GOLDENS names.</summary>
    public static string Folder { get; } = Environment.GetEnvironmentVariable("ADAPTERSERVE_GOLDENS") ?? RepositoryFiles.Data();

    /// <summary>Every golden that has an adapter and cases of its own.</summary>
    public static IEnumerable<string> Names => Directory.GetFiles(Path.Combine(Folder, "goldens"), "*.json").Order(StringComparer.Ordinal)
        .Select(path => Path.GetFileNameWithoutExtension(path)).Where(name => Read(name) is { Adapter: not null, Cases: not null });

    public static GoldenFile Read(string name) => ReadPath(Path.Combine(Folder, "goldens", name + ".json"));

    public static GoldenFile ReadPath(string path) => JsonSerializer.Deserialize<GoldenFile>(File.ReadAllBytes(path))!;
}

/// <param name="PromptIds">The prompt as token ids.</param>
/// <param name="PromptLogprobs">log p(id t | ids before t); the first has none.</param>
/// <param name="GreedyIds">The greedy continuation, up to and including the end id, at most 32 tokens.</param>
/// <param name="GreedyLogprobs">Their log-probabilities.</param>
internal sealed record GoldenCase(
    [property: JsonPropertyName("prompt_ids")] int[] PromptIds,
    [property: JsonPropertyName("prompt_logprobs")] double?[] PromptLogprobs,
    [property: JsonPropertyName("greedy_ids")] int[] GreedyIds,
    [property: JsonPropertyName("greedy_logprobs")] double[] GreedyLogprobs);
