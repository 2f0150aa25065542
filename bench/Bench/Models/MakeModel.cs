using System.Text.Json.Nodes;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Bench.Models;

/// <summary><c>make-model --out DIR [--layers 24]</c>: writes <see cref="ModelM"/> with seeded random weights as a Hugging Face folder.</summary>
internal static class MakeModel
{
    public static int Run(string[] args)
    {
        var arguments = new Arguments(args);
        var folder = arguments.Text("out");
        var layers = arguments.Integer("layers", ModelM.Layers);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), Config(layers).ToJsonString());
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), """{"bos_token_id":1,"eos_token_id":2,"pad_token_id":0}""");
        ByteTokenizer.Write(folder, ModelM.Vocabulary, ModelM.Context);
        RandomTensors.Write(Path.Combine(folder, "model.safetensors"), SafetensorsType.F32, Tensors(layers), seed: 1);
        RequireReadable(folder);
        Console.WriteLine($"{folder}: {new FileInfo(Path.Combine(folder, "model.safetensors")).Length / 1e6:F0} MB");
        return 0;
    }

    private static void RequireReadable(string folder)
    {
        const string text = "Every byte: é, €, \n\t.";
        var tokenizer = Tokenizer.Load(folder);
        if (tokenizer.Decode(tokenizer.Encode(text, addSpecialTokens: false), skipSpecialTokens: false) != text || tokenizer.TokenText(ModelM.Vocabulary - 1).Length == 0)
        {
            throw new InvalidOperationException("The tokenizer does not give back what it was given.");
        }
    }

    private static JsonObject Config(int layers) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["dtype"] = "float32",
        ["hidden_act"] = "silu",
        ["hidden_size"] = ModelM.Hidden,
        ["intermediate_size"] = ModelM.FeedForward,
        ["num_hidden_layers"] = layers,
        ["num_attention_heads"] = ModelM.Heads,
        ["num_key_value_heads"] = ModelM.KvHeads,
        ["head_dim"] = ModelM.HeadSize,
        ["vocab_size"] = ModelM.Vocabulary,
        ["max_position_embeddings"] = ModelM.Context,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 10000.0,
        ["tie_word_embeddings"] = false,
        ["bos_token_id"] = 1,
        ["eos_token_id"] = 2,
        ["pad_token_id"] = 0,
    };

    private static List<(string Name, long[] Shape, double Deviation)> Tensors(int layers)
    {
        const double ones = 0;
        List<(string Name, long[] Shape, double Deviation)> tensors =
        [
            ("model.embed_tokens.weight", [ModelM.Vocabulary, ModelM.Hidden], 0.5),
            ("model.norm.weight", [ModelM.Hidden], ones),
            ("lm_head.weight", [ModelM.Vocabulary, ModelM.Hidden], 2 / Math.Sqrt(ModelM.Hidden)),
        ];
        for (var layer = 0; layer < layers; layer++)
        {
            var at = $"model.layers.{layer}.";
            tensors.Add((at + "input_layernorm.weight", [ModelM.Hidden], ones));
            tensors.Add((at + "post_attention_layernorm.weight", [ModelM.Hidden], ones));
            tensors.AddRange(ModelM.Linears.Select(linear => (at + linear.Path + ".weight", new long[] { linear.Out, linear.In }, 0.7 / Math.Sqrt(linear.In))));
        }

        return tensors;
    }
}
