using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Tests.Models;

namespace AdapterServe.Engine.Tests.Composition;

/// <summary>A PEFT folder on <see cref="TinyCheckpoint"/> with seeded values that are exact in every type.</summary>
internal sealed class MadeAdapter(string name, string type, bool isSum)
{
    private readonly SortedDictionary<string, (long[] Shape, float[] Values)> _tensors = new(StringComparer.Ordinal);
    private readonly JsonArray _targets = [];
    private readonly Random _random = new(name.Sum(letter => letter));

    public string Name { get; } = name;

    /// <summary>Whether it is made of added terms alone, so that it can be weighted and mixed.</summary>
    public bool IsSum { get; } = isSum;

    public JsonObject Config { get; } = new() { ["peft_type"] = type };

    /// <summary>Adapters of the kinds that act at linears and norms, at places of their own choice.</summary>
    public static MadeAdapter[] All { get; } =
    [
        Lora("lora-attention", 1, "layers.0.self_attn.q_proj", "layers.0.self_attn.v_proj", "layers.1.self_attn.q_proj"), Lora("lora-mlp", 3, "layers.0.mlp.gate_proj", "layers.1.mlp.down_proj"),
        Lora("lora-most", 5, "layers.0.self_attn.k_proj", "layers.0.self_attn.o_proj", "layers.1.self_attn.o_proj", "layers.1.mlp.up_proj"),
        Lora("lora-wide", 20, "layers.1.self_attn.q_proj"), LoHa("loha", "layers.0.self_attn.q_proj", "layers.1.mlp.down_proj"),
        Shira("shira", "layers.0.self_attn.q_proj", "layers.1.mlp.up_proj"), Vector("BEFT", "beft", "beft_bias", isSum: true, "layers.0.self_attn.q_proj", "layers.1.mlp.down_proj"),
        Vector("IA3", "ia3", "ia3_l", isSum: false, "layers.0.self_attn.k_proj", "layers.1.self_attn.v_proj"), Norm("norms", "layers.0.input_layernorm", "layers.1.post_attention_layernorm"),
        Dora("dora", "layers.0.self_attn.q_proj", "layers.1.mlp.gate_proj"),
    ];

    public Dictionary<string, byte[]> Files()
    {
        Config["target_modules"] = _targets.DeepClone();
        using var stream = new MemoryStream();
        var writer = new SafetensorsWriter(stream, _tensors.Select(tensor => new SafetensorsEntry(tensor.Key, SafetensorsType.F32, [.. tensor.Value.Shape])));
        foreach (var (_, values) in _tensors.Values)
        {
            writer.Write(values);
        }

        writer.Complete();
        return new(StringComparer.Ordinal) { ["adapter_config.json"] = JsonSerializer.SerializeToUtf8Bytes(Config), ["adapter_model.safetensors"] = stream.ToArray() };
    }

    private static MadeAdapter Lora(string name, int rank, params string[] paths)
    {
        var adapter = new MadeAdapter(name, "LORA", isSum: true);
        (adapter.Config["r"], adapter.Config["lora_alpha"]) = (rank, rank + 1);
        return adapter.At(paths, (path, inFeatures, outFeatures) =>
        {
            adapter.Add(path + ".lora_A.weight", rank, inFeatures);
            adapter.Add(path + ".lora_B.weight", outFeatures, rank);
        });
    }

    private static MadeAdapter Dora(string name, params string[] paths)
    {
        var adapter = new MadeAdapter(name, "LORA", isSum: false);
        (adapter.Config["r"], adapter.Config["lora_alpha"], adapter.Config["use_dora"]) = (2, 2, true);
        return adapter.At(paths, (path, inFeatures, outFeatures) =>
        {
            adapter.Add(path + ".lora_A.weight", 2, inFeatures);
            adapter.Add(path + ".lora_B.weight", outFeatures, 2);
            adapter.Add(path + ".lora_magnitude_vector", outFeatures);
        });
    }

    /// <summary>Of a rank whose square is more than the matrix has, so that it is held as one.</summary>
    private static MadeAdapter LoHa(string name, params string[] paths)
    {
        const int Rank = 4;
        var adapter = new MadeAdapter(name, "LOHA", isSum: true);
        (adapter.Config["r"], adapter.Config["alpha"]) = (Rank, 2);
        return adapter.At(paths, (path, inFeatures, outFeatures) =>
        {
            foreach (var factor in (string[])["hada_w1", "hada_w2"])
            {
                adapter.Add($"{path}.{factor}_a", outFeatures, Rank);
                adapter.Add($"{path}.{factor}_b", Rank, inFeatures);
            }
        });
    }

    private static MadeAdapter Shira(string name, params string[] paths)
    {
        const int Count = 9;
        var adapter = new MadeAdapter(name, "SHIRA", isSum: true);
        return adapter.At(paths, (path, inFeatures, outFeatures) =>
        {
            adapter.Add(path + ".shira_weight", Count);
            var places = Enumerable.Range(0, Count).Select(i => i * 7 % (inFeatures * outFeatures)).ToArray();
            adapter.Add(path + ".shira_indices", [.. places.Select(place => (float)(place / inFeatures)), .. places.Select(place => (float)(place % inFeatures))], 2, Count);
        });
    }

    private static MadeAdapter Vector(string type, string name, string part, bool isSum, params string[] paths)
    {
        var adapter = new MadeAdapter(name, type, isSum);
        if (type == "IA3")
        {
            adapter.Config["feedforward_modules"] = new JsonArray();
        }

        return adapter.At(paths, (path, _, outFeatures) =>
        {
            long[] shape = type == "IA3" ? [outFeatures, 1] : [1, outFeatures];
            adapter.Add($"{path}.{part}", shape);
        });
    }

    private static MadeAdapter Norm(string name, params string[] paths)
    {
        var adapter = new MadeAdapter(name, "LN_TUNING", isSum: false);
        return adapter.At(paths, (path, _, _) => adapter.Add(path + ".ln_tuning_layers.weight", 12));
    }

    private MadeAdapter At(string[] paths, Action<string, int, int> add)
    {
        var shapes = new TinyCheckpoint().Fill().Shapes;
        foreach (var path in paths)
        {
            _targets.Add(path);
            var shape = shapes[$"model.{path}.weight"];
            add("model." + path, (int)shape[^1], (int)shape[0]);
        }

        return this;
    }

    private void Add(string name, params long[] shape) =>
        Add(name, [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => _random.Next(-32, 33) / 64f)], shape);

    private void Add(string name, float[] values, params long[] shape) => _tensors["base_model.model." + name] = (shape, values);
}
