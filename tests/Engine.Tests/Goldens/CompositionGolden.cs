using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Tests.Goldens;

/// <summary>One case of what the adapters library computed with a composition of saved adapters.</summary>
internal sealed record CompositionGolden(int Number, JsonNode Composition, string? Fusion, GoldenCase Case)
{
    public string Name => $"{Number} {Composition["type"]} {string.Join(' ', Children)}";

    public string[] Children => [.. Composition["children"]!.AsArray().Select(child => $"{child}")];

    public double[] Weights => Composition["kwargs"]!["weights"].Deserialize<double[]>()!;

    public int[] Splits => Composition["kwargs"]!["splits"].Deserialize<int[]>()!;

    /// <summary>The cases whose adapters are all in the goldens' folder.</summary>
    public static CompositionGolden[] ReadAll()
    {
        var cases = JsonNode.Parse(File.ReadAllBytes(Path.Combine(GoldenFile.Folder, "goldens", "composition.json")))!["cases"]!.AsArray();
        return [.. cases.Select((entry, number) => new CompositionGolden(number, entry!["composition"]!, (string?)entry["fusion"], Read(entry))).Where(golden => golden.IsPresent)];
    }

    private bool IsPresent => Children.Append(Fusion ?? Children[0]).All(name => Directory.Exists(Path.Combine(GoldenFile.Folder, "adapters", name)));

    /// <summary>A split has no generated tokens.</summary>
    private static GoldenCase Read(JsonNode entry) => entry.Deserialize<GoldenCase>()! is { GreedyIds: null } scored ? scored with { GreedyIds = [], GreedyLogprobs = [] } : entry.Deserialize<GoldenCase>()!;
}
