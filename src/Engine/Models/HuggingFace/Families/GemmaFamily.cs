using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>
/// Gemma: norms by 1 + w, scaled embeddings, a tied head. Gemma 2: also norms behind attention and network, caps, and a window in every other layer.
/// Gemma 3: norms on the heads and another rotation in the windowed layers.
/// </summary>
internal static class GemmaFamily
{
    private const int DefaultHeadSize = 256;
    private const string Gelu = "gelu_pytorch_tanh";

    public static DecoderModel DescribeFirst(JsonFile config)
    {
        var sizes = ModelSizes.Read(config, context: 8192, DefaultHeadSize);
        var rope = RopeReader.Read(config, sizes);
        return (Plan(config, sizes, [rope.Rotary]) with { Sizes = sizes with { Context = rope.Context } }).ToModel();
    }

    public static DecoderModel DescribeSecond(JsonFile config)
    {
        var sizes = ModelSizes.Read(config, context: 8192, DefaultHeadSize);
        var rope = RopeReader.Read(config, sizes);
        return (Sandwiched(config, sizes, [rope.Rotary]) with
        {
            Sizes = sizes with { Context = rope.Context },
            AttentionSoftCap = SoftCap(config, "attn_logit_softcapping", 50),
            LogitSoftCap = SoftCap(config, "final_logit_softcapping", 30),
            Windows = LayerWindows.Of(sizes.Layers, Window(config), LayerWindows.Types(config, sizes.Layers) ?? (layer => layer % 2 == 0)),
        }).ToModel();
    }

    public static DecoderModel DescribeThird(JsonFile config)
    {
        var sizes = ModelSizes.Read(config, context: 131072, DefaultHeadSize);
        var (global, local) = RopeReader.ReadGlobalAndLocal(config, sizes);
        var period = config.Integer("sliding_window_pattern", config.Integer("_sliding_window_pattern", 6, 1024), 1024);
        var isWindowed = LayerWindows.Types(config, sizes.Layers) ?? (layer => (layer + 1) % period != 0);
        return (Sandwiched(config, sizes, [global.Rotary, local]) with
        {
            Sizes = sizes with { Context = global.Context },
            HasHeadNorms = true,
            AttentionSoftCap = SoftCap(config, "attn_logit_softcapping", 0),
            LogitSoftCap = SoftCap(config, "final_logit_softcapping", 0),
            Windows = LayerWindows.Of(sizes.Layers, Window(config), isWindowed),
            LayerRotaries = [.. Enumerable.Range(0, sizes.Layers).Select(layer => isWindowed(layer) ? 1 : 0)],
        }).ToModel();
    }

    private static LlamaPlan Sandwiched(JsonFile config, ModelSizes sizes, ImmutableArray<RotaryEmbedding> rotaries) => Plan(config, sizes, rotaries) with
    {
        HasOutputNorms = true,
        Scale = 1 / Math.Sqrt(config.Number(config.Root, "query_pre_attn_scalar", 256, 1 << 20)),
    };

    private static LlamaPlan Plan(JsonFile config, ModelSizes sizes, ImmutableArray<RotaryEmbedding> rotaries)
    {
        if (config.Flag("use_bidirectional_attention"))
        {
            throw new ModelImportException("config_unsupported", $"{config.Name}: 'use_bidirectional_attention' is not supported: such a model does not generate text.");
        }

        var bias = config.Flag("attention_bias");
        return new LlamaPlan
        {
            Sizes = sizes,
            Rotaries = rotaries,
            TiedEmbeddings = config.Flag("tie_word_embeddings", fallback: true),
            InputBias = bias,
            OutputBias = bias,
            Norm = NormKind.RmsPlusOne,
            Activation = Activations.Read(config, "hidden_activation", Gelu),
            EmbeddingScale = (float)Math.Sqrt(sizes.Hidden),
        };
    }

    private static int Window(JsonFile config) => LayerWindows.Size(config, "sliding_window", fallback: 4096);

    /// <summary>0 for none, which a null says.</summary>
    private static float SoftCap(JsonFile config, string field, double fallback)
    {
        const double limit = 1e6;
        return config.Has(field) ? (float)config.Number(config.Root, field, fallback, limit) : config.Names(field) ? 0 : (float)fallback;
    }
}
