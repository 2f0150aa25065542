using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>Mistral: Llama with a sliding window.</summary>
internal static class MistralFamily
{
    public static DecoderModel Describe(JsonFile config)
    {
        var sizes = ModelSizes.Read(config, context: 131072);
        var rope = RopeReader.Read(config, sizes);
        return new LlamaPlan
        {
            Sizes = sizes with { Context = rope.Context },
            Rotaries = [rope.Rotary],
            TiedEmbeddings = config.Flag("tie_word_embeddings"),
            Activation = Activations.Read(config, "hidden_act", "silu"),
            Windows = LayerWindows.Of(sizes.Layers, LayerWindows.Size(config, "sliding_window", fallback: 4096), _ => true),
        }.ToModel();
    }
}
