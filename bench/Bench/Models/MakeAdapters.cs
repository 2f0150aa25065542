using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.Bench.Models;

/// <summary>
/// <c>make-adapters --out DIR [--kinds lora] [--count 32] [--rank 16] [--layers 24]</c>: writes folders <c>lora-00</c>, … for <see cref="ModelM"/>, each with other
/// seeded weights in bf16. <c>--kinds</c> is a list with commas, or <c>all</c>.
/// </summary>
internal static class MakeAdapters
{
    public static int Run(string[] args)
    {
        var arguments = new Arguments(args);
        var folder = arguments.Text("out");
        var count = arguments.Integer("count", 32);
        var (layers, rank) = (arguments.Integer("layers", ModelM.Layers), arguments.Integer("rank", 16));
        var kinds = arguments.Text("kinds", "lora") is var list && list == "all" ? [.. AdapterRecipes.All.Keys] : list.Split(',');
        foreach (var kind in kinds)
        {
            if (!AdapterRecipes.All.TryGetValue(kind, out var recipe))
            {
                Console.Error.WriteLine($"No kind '{kind}'; there are {string.Join(", ", AdapterRecipes.All.Keys)}.");
                return 2;
            }

            for (var adapter = 0; adapter < count; adapter++)
            {
                Write(Path.Combine(folder, $"{kind}-{adapter:D2}"), recipe(layers, rank), seed: 1000 + adapter);
            }

            Console.WriteLine($"{folder}: {count} adapters of kind {kind}");
        }

        return 0;
    }

    private static void Write(string folder, AdapterRecipe recipe, int seed)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "adapter_config.json"), recipe.Config.ToJsonString());
        var path = Path.Combine(folder, recipe.WeightFile);
        if (recipe.Bytes is { } bytes)
        {
            File.WriteAllBytes(path, bytes(new Random(seed)));
        }
        else
        {
            RandomTensors.Write(path, SafetensorsType.BF16, recipe.Tensors, (ulong)seed, recipe.Places);
        }
    }
}
