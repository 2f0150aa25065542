using System.Collections.Immutable;
using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.Engine.Tests.Models;

/// <summary>
/// A Hugging Face folder of a Llama model that is as small as its parts can be told apart: 2 layers, hidden 12, 3 query heads, 1 key-value head of size 6, ffn 20.
/// Values are seeded and exact in bf16 and f16.
/// </summary>
internal sealed class TinyCheckpoint
{
    public const int Vocabulary = 17;

    public JsonObject Config { get; } = new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["hidden_size"] = 12,
        ["intermediate_size"] = 20,
        ["num_hidden_layers"] = 2,
        ["num_attention_heads"] = 3,
        ["num_key_value_heads"] = 1,
        ["head_dim"] = 6,
        ["vocab_size"] = Vocabulary,
        ["max_position_embeddings"] = 32,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 500.0,
        ["eos_token_id"] = 2,
    };

    public SafetensorsType DType { get; init; } = SafetensorsType.F32;

    public bool Tied { get; init; }

    public bool Biases { get; init; }

    /// <summary>Filled by <see cref="Write"/>; a test may change <see cref="Shapes"/> before that.</summary>
    public Dictionary<string, float[]> Values { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, long[]> Shapes { get; } = new(StringComparer.Ordinal);

    public TinyCheckpoint Fill()
    {
        Add("model.embed_tokens.weight", Vocabulary, 12);
        for (var layer = 0; layer < 2; layer++)
        {
            var at = $"model.layers.{layer}.";
            Add(at + "input_layernorm.weight", 12);
            Add(at + "post_attention_layernorm.weight", 12);
            Linear(at + "self_attn.q_proj", 18, 12);
            Linear(at + "self_attn.k_proj", 6, 12);
            Linear(at + "self_attn.v_proj", 6, 12);
            Linear(at + "self_attn.o_proj", 12, 18);
            Linear(at + "mlp.gate_proj", 20, 12);
            Linear(at + "mlp.up_proj", 20, 12);
            Linear(at + "mlp.down_proj", 12, 20);
        }

        Add("model.norm.weight", 12);
        if (!Tied)
        {
            Add("lm_head.weight", Vocabulary, 12);
        }

        Config["tie_word_embeddings"] = Tied;
        Config["attention_bias"] = Biases;
        Config["mlp_bias"] = Biases;
        return this;
    }

    /// <summary>Puts queries, keys and values into one linear, gate and up into another, as Phi-3 has them.</summary>
    public void Fuse()
    {
        for (var layer = 0; layer < 2; layer++)
        {
            Fuse($"model.layers.{layer}.self_attn.", "qkv_proj", "q_proj", "k_proj", "v_proj");
            Fuse($"model.layers.{layer}.mlp.", "gate_up_proj", "gate_proj", "up_proj");
        }
    }

    public void Write(string folder, int shards = 1)
    {
        Directory.CreateDirectory(folder);
        WriteConfig(folder);
        if (shards == 1)
        {
            WriteFile(Path.Combine(folder, "model.safetensors"), Shapes.Keys);
            return;
        }

        var map = new JsonObject();
        for (var shard = 0; shard < shards; shard++)
        {
            var file = $"model-{shard + 1:D5}-of-{shards:D5}.safetensors";
            var names = Shapes.Keys.Where((_, index) => index % shards == shard).ToArray();
            Array.ForEach(names, name => map[name] = file);
            WriteFile(Path.Combine(folder, file), names);
        }

        WriteIndex(folder, map);
    }

    public void WriteConfig(string folder) => File.WriteAllText(Path.Combine(folder, "config.json"), Config.ToJsonString());

    public static void WriteIndex(string folder, JsonNode map) =>
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map }.ToJsonString());

    public void Add(string name, params long[] shape)
    {
        var random = new Random(name.Sum(letter => letter) + name.Length);
        Shapes[name] = shape;
        Values[name] = [.. Enumerable.Range(0, (int)shape.Aggregate(1L, (product, size) => product * size)).Select(_ => random.Next(-64, 65) / 64f)];
    }

    private void Fuse(string at, string fused, params string[] parts)
    {
        string[] names = [.. parts.Select(part => $"{at}{part}.weight")];
        Values[$"{at}{fused}.weight"] = [.. names.SelectMany(name => Values[name])];
        Shapes[$"{at}{fused}.weight"] = [names.Sum(name => Shapes[name][0]), Shapes[names[0]][1]];
        Array.ForEach(names, name => Shapes.Remove(name));
    }

    private void Linear(string path, long output, long input)
    {
        Add(path + ".weight", output, input);
        if (Biases)
        {
            Add(path + ".bias", output);
        }
    }

    private void WriteFile(string path, IEnumerable<string> names)
    {
        using var stream = File.Create(path);
        string[] all = [.. names];
        var writer = new SafetensorsWriter(stream, all.Select(name => new SafetensorsEntry(name, DType, ImmutableArray.Create(Shapes[name]))));
        foreach (var name in all)
        {
            if (DType is SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16)
            {
                writer.Write(Values[name]);
            }
            else
            {
                writer.Write(new byte[Values[name].Length * 8]);
            }
        }

        writer.Complete();
    }
}
