using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>
/// Writes a Llama of any shape with seeded random weights as a Hugging Face folder. <b>Effects</b>: streams; no tensor is held in memory.
/// </summary>
internal static class ModelMaker
{
    private const double Ones = 0;

    /// <returns>The weight file's bytes.</returns>
    public static long Write(string folder, ModelShape shape, SafetensorsType type, ulong seed)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config(shape, type).ToJsonString());
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"bos_token_id":1,"eos_token_id":2,"pad_token_id":0}""");
        ByteTokenizer.Write(folder, shape.Vocabulary, shape.Context);
        var path = Path.Combine(folder, "model.safetensors");
        RandomTensors.Write(path, type, Tensors(shape), seed);
        return new FileInfo(path).Length;
    }

    private static JsonObject Config(ModelShape shape, SafetensorsType type) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["dtype"] = type switch { SafetensorsType.BF16 => "bfloat16", SafetensorsType.F16 => "float16", _ => "float32" },
        ["hidden_act"] = "silu",
        ["hidden_size"] = shape.Hidden,
        ["intermediate_size"] = shape.FeedForward,
        ["num_hidden_layers"] = shape.Layers,
        ["num_attention_heads"] = shape.Heads,
        ["num_key_value_heads"] = shape.KvHeads,
        ["head_dim"] = shape.HeadSize,
        ["vocab_size"] = shape.Vocabulary,
        ["max_position_embeddings"] = shape.Context,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = false,
        ["bos_token_id"] = 1,
        ["eos_token_id"] = 2,
        ["pad_token_id"] = 0,
    };

    private static List<(string Name, long[] Shape, double Deviation)> Tensors(ModelShape shape)
    {
        List<(string Name, long[] Shape, double Deviation)> tensors =
        [
            ("model.embed_tokens.weight", [shape.Vocabulary, shape.Hidden], 0.5),
            ("model.norm.weight", [shape.Hidden], Ones),
            ("lm_head.weight", [shape.Vocabulary, shape.Hidden], 2 / Math.Sqrt(shape.Hidden)),
        ];
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var at = $"model.layers.{layer}.";
            tensors.Add((at + "input_layernorm.weight", [shape.Hidden], Ones));
            tensors.Add((at + "post_attention_layernorm.weight", [shape.Hidden], Ones));
            tensors.AddRange(
                shape.Linears.Select(linear => (at + linear.Path + ".weight", new long[] { linear.Out, linear.In }, 0.7 / Math.Sqrt(linear.In))));
        }

        return tensors;
    }
}
