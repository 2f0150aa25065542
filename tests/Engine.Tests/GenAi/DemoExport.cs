using AdapterServe.AdapterStore.Formats.Safetensors;

namespace AdapterServe.Engine.Tests.GenAi;

/// <summary>The demo model as the model builder exports it.</summary>
internal static class DemoExport
{
    public const int KvHeads = 4;
    public const int HeadSize = 32;
    private const int Layers = 4;
    private const int Hidden = 256;
    private const int FeedForward = 640;

    public static void Write(string folder, int bits)
    {
        var options = new ExportOptions
        {
            Layers = Layers, Hidden = Hidden, FeedForward = FeedForward, Heads = 8, KvHeads = KvHeads, HeadSize = HeadSize, RotatingDimensions = HeadSize,
            Vocabulary = 1024, Context = 1024, Bits = bits, AccuracyLevel = bits > 0 ? 4 : 0,
        };
        using var file = SafetensorsFile.Open(Path.Combine(RepositoryFiles.DemoModel, "model.safetensors"));
        ModelExport.Of(options, Weights(file)).Write(folder);
    }

    private static Dictionary<string, float[]> Weights(SafetensorsFile file)
    {
        var weights = new Dictionary<string, float[]>
        {
            ["model.embed_tokens.weight"] = Read("model.embed_tokens"),
            [$"model.layers.{Layers}.final_norm_layernorm.weight"] = Read("model.norm"),
            ["lm_head.MatMul.weight"] = Transposed(Read("lm_head"), Hidden),
        };
        for (var layer = 0; layer < Layers; layer++)
        {
            var at = $"model.layers.{layer}";
            weights[$"{at}.input_layernorm.weight"] = Read($"{at}.input_layernorm");
            weights[$"{at}.post_attention_layernorm.weight"] = Read($"{at}.post_attention_layernorm");
            weights[$"{at}.attn.qkv_proj.MatMul.weight"] =
                Transposed([.. Read($"{at}.self_attn.q_proj"), .. Read($"{at}.self_attn.k_proj"), .. Read($"{at}.self_attn.v_proj")], Hidden);
            weights[$"{at}.attn.o_proj.MatMul.weight"] = Transposed(Read($"{at}.self_attn.o_proj"), Hidden);
            weights[$"{at}.mlp.gate_proj.MatMul.weight"] = Transposed(Read($"{at}.mlp.gate_proj"), Hidden);
            weights[$"{at}.mlp.up_proj.MatMul.weight"] = Transposed(Read($"{at}.mlp.up_proj"), Hidden);
            weights[$"{at}.mlp.down_proj.MatMul.weight"] = Transposed(Read($"{at}.mlp.down_proj"), FeedForward);
        }

        return weights;

        float[] Read(string module)
        {
            var tensor = file.Tensors[module + ".weight"];
            var values = new float[tensor.Elements];
            file.CopyToF32(tensor, values);
            return values;
        }
    }

    private static float[] Transposed(float[] matrix, int columns)
    {
        var rows = matrix.Length / columns;
        var result = new float[matrix.Length];
        for (var i = 0; i < matrix.Length; i++)
        {
            result[(i % columns * rows) + (i / columns)] = matrix[i];
        }

        return result;
    }
}
