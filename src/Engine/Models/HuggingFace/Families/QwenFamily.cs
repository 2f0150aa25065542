using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>Qwen2 and 2.5: Llama with biases on queries, keys and values. Qwen3: with norms on the heads instead.</summary>
internal static class QwenFamily
{
    public static DecoderModel DescribeSecond(JsonFile config) =>
        (Plan(config, ModelSizes.Read(config, context: 32768)) with { InputBias = true }).ToModel();

    public static DecoderModel DescribeThird(JsonFile config)
    {
        var bias = config.Flag("attention_bias");
        return (Plan(config, ModelSizes.Read(config, context: 32768, headSize: 128)) with { InputBias = bias, OutputBias = bias, HasHeadNorms = true }).ToModel();
    }

    private static LlamaPlan Plan(JsonFile config, ModelSizes sizes)
    {
        var rope = RopeReader.Read(config, sizes);
        var window = config.Flag("use_sliding_window") ? LayerWindows.Size(config, "sliding_window", fallback: 4096) : 0;
        var firstWindowed = config.Count("max_window_layers", 28);
        return new LlamaPlan
        {
            Sizes = sizes with { Context = rope.Context },
            Rotaries = [rope.Rotary],
            TiedEmbeddings = config.Flag("tie_word_embeddings"),
            Activation = Activations.Read(config, "hidden_act", "silu"),
            Windows = LayerWindows.Of(sizes.Layers, window, LayerWindows.Types(config, sizes.Layers) ?? (layer => window > 0 && layer >= firstWindowed)),
        };
    }
}
