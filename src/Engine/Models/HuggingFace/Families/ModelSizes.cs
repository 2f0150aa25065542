namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>The sizes that the configurations of Llama's relatives name alike.</summary>
internal sealed record ModelSizes
{
    /// <summary>Most positions that a configuration may name.</summary>
    public const int MaxContext = 1 << 22;

    private const int MaxSize = 1 << 20;
    private const int MaxVocabulary = 1 << 22;
    private const int MaxHeads = 4096;
    private const int MaxHeadSize = 1024;

    public required int Hidden { get; init; }

    public required int FeedForward { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KvHeads { get; init; }

    public required int HeadSize { get; init; }

    public required int Vocabulary { get; init; }

    public required int Context { get; init; }

    public required float NormEpsilon { get; init; }

    public int QuerySize => Heads * HeadSize;

    public int KvSize => KvHeads * HeadSize;

    /// <param name="config">The configuration.</param>
    /// <param name="context">Positions where it names none.</param>
    /// <param name="headSize">A head's size where it names none; null: hidden size by heads.</param>
    /// <param name="epsilon">The norms' where it names none.</param>
    public static ModelSizes Read(JsonFile config, int context, int? headSize = null, double epsilon = 1e-6)
    {
        var hidden = config.Integer("hidden_size", null, MaxSize);
        var heads = config.Integer("num_attention_heads", null, MaxHeads);
        return new ModelSizes
        {
            Hidden = hidden,
            FeedForward = config.Integer("intermediate_size", null, MaxSize),
            Layers = config.Integer("num_hidden_layers", null, 1024),
            Heads = heads,
            KvHeads = config.Integer("num_key_value_heads", heads, MaxHeads),
            HeadSize = config.Integer("head_dim", headSize ?? (hidden % heads == 0 ? hidden / heads : null), MaxHeadSize),
            Vocabulary = config.Integer("vocab_size", null, MaxVocabulary),
            Context = config.Integer("max_position_embeddings", context, MaxContext),
            NormEpsilon = (float)config.Number(config.Root, "rms_norm_eps", epsilon, 1),
        };
    }

    /// <summary>The same by the names of GPT-2's configuration.</summary>
    public static ModelSizes ReadGpt2(JsonFile config)
    {
        var hidden = config.Integer("n_embd", 768, MaxSize);
        var heads = config.Integer("n_head", 12, MaxHeads);
        return new ModelSizes
        {
            Hidden = hidden,
            FeedForward = config.Integer("n_inner", 4 * hidden, 4 * MaxSize),
            Layers = config.Integer("n_layer", 12, 1024),
            Heads = heads,
            KvHeads = heads,
            HeadSize = hidden % heads == 0 ? hidden / heads : throw config.Wrong("n_embd", $"a multiple of n_head ({heads})"),
            Vocabulary = config.Integer("vocab_size", 50257, MaxVocabulary),
            Context = config.Integer("n_positions", 1024, MaxContext),
            NormEpsilon = (float)config.Number(config.Root, "layer_norm_epsilon", 1e-5, 1),
        };
    }
}
