using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>Llama 1 to 3.</summary>
internal static class LlamaFamily
{
    public static DecoderModel Describe(JsonFile config)
    {
        var sizes = ModelSizes.Read(config, context: 2048);
        var rope = RopeReader.Read(config, sizes);
        var bias = config.Flag("attention_bias");
        return new LlamaPlan
        {
            Sizes = sizes with { Context = rope.Context },
            Rotaries = [rope.Rotary],
            TiedEmbeddings = config.Flag("tie_word_embeddings"),
            InputBias = bias,
            OutputBias = bias,
            FeedForwardBias = config.Flag("mlp_bias"),
            Activation = Activations.Read(config, "hidden_act", "silu"),
        }.ToModel();
    }
}
