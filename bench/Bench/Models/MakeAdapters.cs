using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.Bench.Models;

/// <summary><c>make-adapters --out DIR [--count 32] [--rank 16] [--layers 24]</c>: writes bf16 PEFT LoRA folders <c>lora-00</c>, … for <see cref="ModelM"/>, each with other seeded weights.</summary>
internal static class MakeAdapters
{
    private const double DeviationB = 0.02;

    public static int Run(string[] args)
    {
        var arguments = new Arguments(args);
        var folder = arguments.Text("out");
        var count = arguments.Integer("count", 32);
        var rank = arguments.Integer("rank", 16);
        var tensors = Tensors(arguments.Integer("layers", ModelM.Layers), rank);
        for (var adapter = 0; adapter < count; adapter++)
        {
            var own = Path.Combine(folder, $"lora-{adapter:D2}");
            Directory.CreateDirectory(own);
            File.WriteAllText(Path.Combine(own, "adapter_config.json"), Config(rank).ToJsonString());
            RandomTensors.Write(Path.Combine(own, "adapter_model.safetensors"), SafetensorsType.BF16, tensors, seed: 1000 + (ulong)adapter);
        }

        Console.WriteLine($"{folder}: {count} adapters of rank {rank}");
        return 0;
    }

    private static JsonObject Config(int rank) => new()
    {
        ["peft_type"] = "LORA",
        ["task_type"] = "CAUSAL_LM",
        ["base_model_name_or_path"] = "model-m",
        ["r"] = rank,
        ["lora_alpha"] = 2 * rank,
        ["lora_dropout"] = 0.0,
        ["bias"] = "none",
        ["fan_in_fan_out"] = false,
        ["inference_mode"] = true,
        ["init_lora_weights"] = true,
        ["use_rslora"] = false,
        ["use_dora"] = false,
        ["target_modules"] = new JsonArray([.. ModelM.Linears.Select(linear => JsonValue.Create(linear.Path.Split('.')[1]))]),
    };

    private static List<(string Name, long[] Shape, double Deviation)> Tensors(int layers, int rank)
    {
        List<(string Name, long[] Shape, double Deviation)> tensors = [];
        for (var layer = 0; layer < layers; layer++)
        {
            foreach (var (path, output, input) in ModelM.Linears)
            {
                var at = $"base_model.model.model.layers.{layer}.{path}.";
                tensors.Add((at + "lora_A.weight", [rank, input], 1 / Math.Sqrt(input)));
                tensors.Add((at + "lora_B.weight", [output, rank], DeviationB));
            }
        }

        return tensors;
    }
}
