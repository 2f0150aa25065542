using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>Phi-3, 3.5 and Phi-4-mini: Llama with fused inputs.</summary>
internal static class Phi3Family
{
    public static DecoderModel Describe(JsonFile config)
    {
        var sizes = ModelSizes.Read(config, context: 4096, epsilon: 1e-5);
        var rope = RopeReader.Read(config, sizes);
        return new LlamaPlan
        {
            Sizes = sizes with { Context = rope.Context },
            Rotaries = [rope.Rotary],
            TiedEmbeddings = config.Flag("tie_word_embeddings"),
            IsFused = true,
            Activation = Activations.Read(config, "hidden_act", "silu"),
            Windows = LayerWindows.Of(sizes.Layers, LayerWindows.Size(config, "sliding_window", fallback: 0), _ => true),
        }.ToModel();
    }
}
