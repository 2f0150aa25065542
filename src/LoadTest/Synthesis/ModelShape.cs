using System.Text.Json;

namespace AdapterServe.LoadTest.Synthesis;

/// <summary>The sizes of a model whose layers are named as Llama's. The defaults are the benchmarks' model: 415 million parameters.</summary>
internal sealed record ModelShape
{
    public int Layers { get; init; } = 24;

    public int Hidden { get; init; } = 896;

    public int Heads { get; init; } = 14;

    public int KvHeads { get; init; } = 2;

    public int HeadSize { get; init; } = 64;

    public int FeedForward { get; init; } = 4864;

    public int Vocabulary { get; init; } = 32000;

    public int Context { get; init; } = 4096;

    /// <summary>The linears of a layer.</summary>
    public IReadOnlyList<LinearShape> Linears =>
    [
        new("self_attn.q_proj", Heads * HeadSize, Hidden),
        new("self_attn.k_proj", KvHeads * HeadSize, Hidden),
        new("self_attn.v_proj", KvHeads * HeadSize, Hidden),
        new("self_attn.o_proj", Hidden, Heads * HeadSize),
        new("mlp.gate_proj", FeedForward, Hidden),
        new("mlp.up_proj", FeedForward, Hidden),
        new("mlp.down_proj", Hidden, FeedForward),
    ];

    /// <summary>
    /// The shape of a Hugging Face folder. <b>Errors</b>: <see cref="UserErrorException"/> where it is none, or its layers are named otherwise.
    /// </summary>
    public static ModelShape Read(string folder)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "config.json")));
            return Read(json.RootElement);
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new UserErrorException($"'{folder}' has no config.json of a Hugging Face model with the sizes of its layers: {e.Message}", e);
        }
    }

    /// <summary><b>Errors</b>: <see cref="UserErrorException"/> for a shape that no model has.</summary>
    public ModelShape Checked()
    {
        var sizes = new[] { Layers, Hidden, Heads, KvHeads, HeadSize, FeedForward, Context };
        if (sizes.Any(size => size is < 1 or > 1 << 20) || Vocabulary is < ByteTokenizer.SmallestVocabulary or > 1 << 24)
        {
            throw new UserErrorException(
                $"A model's sizes are whole numbers from 1 to {1 << 20}, its vocabulary from {ByteTokenizer.SmallestVocabulary} to {1 << 24}.");
        }

        return Heads % KvHeads == 0 && HeadSize % 2 == 0
            ? this
            : throw new UserErrorException("The number of heads must be a multiple of the key-value heads, and the heads' size even.");
    }

    private static ModelShape Read(JsonElement config)
    {
        var type = config.GetProperty("model_type").GetString();
        if (type is not ("llama" or "mistral" or "qwen2" or "qwen3" or "gemma" or "gemma2" or "gemma3_text"))
        {
            throw new UserErrorException($"Adapters can be made for models whose layers are named as Llama's, not for '{type}'.");
        }

        int Size(string name, int? otherwise = null) => config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetInt32()
            : otherwise ?? throw new KeyNotFoundException($"'{name}' is missing.");
        var (hidden, heads) = (Size("hidden_size"), Size("num_attention_heads"));
        return new ModelShape
        {
            Layers = Size("num_hidden_layers"), Hidden = hidden, Heads = heads, KvHeads = Size("num_key_value_heads", heads),
            HeadSize = Size("head_dim", hidden / Math.Max(1, heads)),
            FeedForward = Size("intermediate_size"), Vocabulary = Size("vocab_size"), Context = Size("max_position_embeddings", 2048),
        }.Checked();
    }
}
