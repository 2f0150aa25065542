using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>GPT-2: learned positions, LayerNorm, one linear for queries, keys and values, weights held as [in, out].</summary>
internal static class Gpt2Family
{
    public static DecoderModel Describe(JsonFile config)
    {
        var sizes = ModelSizes.ReadGpt2(config);
        var activation = Activations.Read(config, "activation_function", "gelu_new");
        if (config.Flag("add_cross_attention"))
        {
            throw new ModelImportException("config_unsupported", $"{config.Name}: 'add_cross_attention' is not supported: the model needs an encoder.");
        }

        return new DecoderModel
        {
            Architecture = "",
            HiddenSize = sizes.Hidden,
            Heads = sizes.Heads,
            KvHeads = sizes.KvHeads,
            HeadSize = sizes.HeadSize,
            VocabularySize = sizes.Vocabulary,
            ContextTokens = sizes.Context,
            NormEpsilon = sizes.NormEpsilon,
            Embedding = "transformer.wte",
            PositionEmbedding = "transformer.wpe",
            Layers = [.. Enumerable.Range(0, sizes.Layers).Select(layer => Layer($"transformer.h.{layer}.", sizes, activation, Scale(config, sizes, layer)))],
            FinalNorm = new Norm("transformer.ln_f", NormKind.Layer, sizes.Hidden),
            Head = new Linear("lm_head", sizes.Hidden, sizes.Vocabulary, HasBias: false),
            TiedEmbeddings = config.Flag("tie_word_embeddings", fallback: true),
        };
    }

    private static DecoderLayer Layer(string at, ModelSizes sizes, Activation activation, double scale) => new()
    {
        AttentionInputNorm = new Norm(at + "ln_1", NormKind.Layer, sizes.Hidden),
        Attention = new AttentionLayer
        {
            Path = at + "attn",
            Inputs = [Linear(at + "attn.c_attn", sizes.Hidden, 3 * sizes.Hidden) with { Parts = [.. Enumerable.Repeat(new LinearPart(null, sizes.Hidden), 3)] }],
            Output = Linear(at + "attn.c_proj", sizes.Hidden, sizes.Hidden),
            Scale = (float)scale,
        },
        FeedForwardInputNorm = new Norm(at + "ln_2", NormKind.Layer, sizes.Hidden),
        FeedForward = new FeedForwardLayer
        {
            Path = at + "mlp",
            Inputs = [Linear(at + "mlp.c_fc", sizes.Hidden, sizes.FeedForward)],
            Output = Linear(at + "mlp.c_proj", sizes.FeedForward, sizes.Hidden),
            Activation = activation,
        },
    };

    private static double Scale(JsonFile config, ModelSizes sizes, int layer)
    {
        var scale = config.Flag("scale_attn_weights", fallback: true) ? 1 / Math.Sqrt(sizes.HeadSize) : 1;
        return config.Flag("scale_attn_by_inverse_layer_idx") ? scale / (layer + 1) : scale;
    }

    private static Linear Linear(string path, int input, int output) => new(path, input, output, HasBias: true) { IsTransposed = true };
}
