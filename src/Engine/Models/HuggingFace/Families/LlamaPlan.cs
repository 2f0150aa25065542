using System.Collections.Immutable;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Engine.Models.Decoders;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>
/// A decoder of Llama's plan: norm, grouped-query attention with rotation, norm, gated network. What its relatives do otherwise are the properties here.
/// </summary>
internal sealed record LlamaPlan
{
    public required ModelSizes Sizes { get; init; }

    public required ImmutableArray<RotaryEmbedding> Rotaries { get; init; }

    public required bool TiedEmbeddings { get; init; }

    /// <summary>Biases of what makes queries, keys and values.</summary>
    public bool InputBias { get; init; }

    public bool OutputBias { get; init; }

    public bool FeedForwardBias { get; init; }

    /// <summary>Whether queries, keys and values are one linear, and gate and up another.</summary>
    public bool IsFused { get; init; }

    public NormKind Norm { get; init; } = NormKind.Rms;

    /// <summary>Whether each query and key head is normalised.</summary>
    public bool HasHeadNorms { get; init; }

    /// <summary>Whether what attention and network give is normalised before it is added.</summary>
    public bool HasOutputNorms { get; init; }

    public Activation Activation { get; init; } = Activation.Silu;

    /// <summary>What q·k is multiplied by; null: 1 / √ head size.</summary>
    public double? Scale { get; init; }

    public float AttentionSoftCap { get; init; }

    public float LogitSoftCap { get; init; }

    public float EmbeddingScale { get; init; } = 1;

    /// <summary>Positions that each layer's tokens see, 0 for all; empty: all of them.</summary>
    public ImmutableArray<int> Windows { get; init; } = [];

    /// <summary>Each layer's place in <see cref="Rotaries"/>; empty: the first.</summary>
    public ImmutableArray<int> LayerRotaries { get; init; } = [];

    public DecoderModel ToModel() => new()
    {
        Architecture = "",
        HiddenSize = Sizes.Hidden,
        Heads = Sizes.Heads,
        KvHeads = Sizes.KvHeads,
        HeadSize = Sizes.HeadSize,
        VocabularySize = Sizes.Vocabulary,
        ContextTokens = Sizes.Context,
        NormEpsilon = Sizes.NormEpsilon,
        Embedding = "model.embed_tokens",
        EmbeddingScale = EmbeddingScale,
        Layers = [.. Enumerable.Range(0, Sizes.Layers).Select(Layer)],
        Rotaries = Rotaries,
        FinalNorm = NormAt("model.norm"),
        Head = new Linear("lm_head", Sizes.Hidden, Sizes.Vocabulary, HasBias: false),
        TiedEmbeddings = TiedEmbeddings,
        LogitSoftCap = LogitSoftCap,
    };

    private DecoderLayer Layer(int index)
    {
        var at = $"model.layers.{index}.";
        return new DecoderLayer
        {
            AttentionInputNorm = NormAt(at + "input_layernorm"),
            Attention = Attention(index, at + "self_attn"),
            AttentionOutputNorm = HasOutputNorms ? NormAt(at + "post_attention_layernorm") : null,
            FeedForwardInputNorm = NormAt(at + (HasOutputNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm")),
            FeedForward = FeedForward(at + "mlp"),
            FeedForwardOutputNorm = HasOutputNorms ? NormAt(at + "post_feedforward_layernorm") : null,
        };
    }

    private AttentionLayer Attention(int index, string path) => new()
    {
        Path = path,
        Inputs = Inputs(path, "qkv_proj", InputBias, ("q_proj", Sizes.QuerySize), ("k_proj", Sizes.KvSize), ("v_proj", Sizes.KvSize)),
        Output = new Linear(path + ".o_proj", Sizes.QuerySize, Sizes.Hidden, OutputBias),
        QueryNorm = HasHeadNorms ? new Norm(path + ".q_norm", Norm, Sizes.HeadSize) : null,
        KeyNorm = HasHeadNorms ? new Norm(path + ".k_norm", Norm, Sizes.HeadSize) : null,
        Scale = (float)(Scale ?? 1 / Math.Sqrt(Sizes.HeadSize)),
        SoftCap = AttentionSoftCap,
        Window = Windows.IsEmpty ? 0 : Windows[index],
        Rotary = LayerRotaries.IsEmpty ? 0 : LayerRotaries[index],
    };

    private FeedForwardLayer FeedForward(string path) => new()
    {
        Path = path,
        Inputs = Inputs(path, "gate_up_proj", FeedForwardBias, ("gate_proj", Sizes.FeedForward), ("up_proj", Sizes.FeedForward)),
        Output = new Linear(path + ".down_proj", Sizes.FeedForward, Sizes.Hidden, FeedForwardBias),
        Activation = Activation,
    };

    private ImmutableArray<Linear> Inputs(string path, string fused, bool bias, params ReadOnlySpan<(string Name, int Out)> linears)
    {
        var parts = ImmutableArray.CreateBuilder<LinearPart>();
        foreach (var (name, size) in linears)
        {
            parts.Add(new LinearPart($"{path}.{name}", size));
        }

        return IsFused
            ? [new Linear($"{path}.{fused}", Sizes.Hidden, parts.Sum(part => part.Out), bias) { Parts = parts.ToImmutable() }]
            : [.. parts.Select(part => new Linear(part.Path!, Sizes.Hidden, part.Out, bias))];
    }

    private Norm NormAt(string path) => new(path, Norm, Sizes.Hidden);
}
