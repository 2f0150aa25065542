using System.Text.Json.Nodes;

namespace AdapterServe.EndToEnd.Tests.Support;

/// <summary>What the reference computed for one prompt with one adapter.</summary>
internal sealed record Golden(string Adapter, string Prompt, int[] PromptIds, double?[] PromptLogprobs, int[] GreedyIds, string GreedyText, double[] GreedyLogprobs, bool Cut)
{
    /// <summary>The plain LoRA adapters among the goldens.</summary>
    public static readonly string[] Adapters =
    [
        "base", "pirate-lora", "polite-lora", "doubt-rslora", "robot-lora-pattern", "yoda-lora-bf16", "facts-generated",
        "pirate-showcase", "json-showcase", "shout-showcase", "french-showcase", "robot-showcase", "yoda-showcase", "markdown-showcase", "polite-showcase",
    ];

    /// <summary>The name under which a golden's adapter is served: the showcase ones by their style, as the demo has them.</summary>
    public static string ModelOf(string golden) => golden == "base" ? "demo" : golden.Replace("-showcase", "", StringComparison.Ordinal);

    public static IReadOnlyList<Golden> Read(string adapter)
    {
        var file = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Repository.Goldens, "goldens", adapter + ".json")))!;
        return [.. file["cases"]!.AsArray().Select(node => Of(adapter, node!))];
    }

    private static Golden Of(string adapter, JsonNode node) => new(
        adapter,
        node["prompt"]!.GetValue<string>(),
        [.. node["prompt_ids"]!.AsArray().Select(id => id!.GetValue<int>())],
        [.. node["prompt_logprobs"]!.AsArray().Select(value => value?.GetValue<double>())],
        [.. node["greedy_ids"]!.AsArray().Select(id => id!.GetValue<int>())],
        node["greedy_text"]!.GetValue<string>(),
        [.. node["greedy_logprobs"]!.AsArray().Select(value => value!.GetValue<double>())],
        node["cut"]?.GetValue<bool>() ?? false);
}
