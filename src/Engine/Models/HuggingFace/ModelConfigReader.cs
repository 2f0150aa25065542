using System.Collections.Immutable;
using System.Text.Json;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>
/// Reads the configuration of a Hugging Face folder. What would change the computation and is not known here is refused, never ignored.
/// <b>Errors</b>: <see cref="ModelImportException"/>, one code for each cause.
/// </summary>
internal static class ModelConfigReader
{
    public const string ConfigFile = "config.json";
    public const string GenerationFile = "generation_config.json";
    private const long LimitBytes = 1 << 20;
    private const int MaxSize = 1 << 20;
    private const int MaxVocabulary = 1 << 22;
    private const long MaxRotaryElements = 1 << 27;

    public static ModelConfig Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ModelImportException("model_folder_missing", $"There is no model folder '{folder}'.");
        }

        using var file = JsonFile.TryOpen(folder, ConfigFile, LimitBytes)
            ?? throw new ModelImportException("config_missing", $"The model folder '{folder}' has no {ConfigFile}.");
        using var generation = JsonFile.TryOpen(folder, GenerationFile, LimitBytes);
        RefuseUnknown(file);
        var hidden = file.Integer("hidden_size", null, MaxSize);
        var heads = file.Integer("num_attention_heads", null, 4096);
        var vocabulary = file.Integer("vocab_size", null, MaxVocabulary);
        var config = new ModelConfig
        {
            HiddenSize = hidden,
            FeedForwardSize = file.Integer("intermediate_size", null, MaxSize),
            Layers = file.Integer("num_hidden_layers", null, 1024),
            Heads = heads,
            KvHeads = file.Integer("num_key_value_heads", heads, 4096),
            HeadSize = HeadSize(file, hidden, heads),
            VocabularySize = vocabulary,
            ContextTokens = file.Integer("max_position_embeddings", 2048, 1 << 22),
            NormEpsilon = (float)file.Number(file.Root, "rms_norm_eps", 1e-6, 1),
            RopeTheta = RopeTheta(file),
            TiedEmbeddings = file.Flag("tie_word_embeddings"),
            AttentionBias = file.Flag("attention_bias"),
            FeedForwardBias = file.Flag("mlp_bias"),
            EosTokenIds = EosIds(generation, vocabulary) ?? EosIds(file, vocabulary) ?? [],
            BosTokenId = BosId(file, vocabulary),
        };
        if (config.Heads % config.KvHeads != 0)
        {
            throw file.Wrong("num_key_value_heads", $"a divisor of num_attention_heads ({config.Heads})");
        }

        return (long)config.ContextTokens * config.HeadSize <= MaxRotaryElements
            ? config
            : throw file.Wrong("max_position_embeddings", $"such that its product with head_dim is at most {MaxRotaryElements}");
    }

    private static void RefuseUnknown(JsonFile file)
    {
        var architectures = JsonFile.Field(file.Root, "architectures");
        if (architectures is not { ValueKind: JsonValueKind.Array } list || list.GetArrayLength() != 1 || list[0].ValueKind != JsonValueKind.String)
        {
            throw file.Wrong("architectures", "a list with one name");
        }

        if (list[0].GetString() != "LlamaForCausalLM")
        {
            throw new ModelImportException("architecture_unsupported", $"{file.Name}: the architecture '{list[0].GetString()}' is not supported; LlamaForCausalLM is.");
        }

        var activation = file.Text(file.Root, "hidden_act") ?? "silu";
        if (activation is not ("silu" or "swish"))
        {
            throw new ModelImportException("activation_unsupported", $"{file.Name}: the activation '{activation}' is not supported; silu is.");
        }

        foreach (var field in (ReadOnlySpan<string>)["quantization_config", "sliding_window"])
        {
            if (JsonFile.Field(file.Root, field) is not null)
            {
                throw new ModelImportException("config_unsupported", $"{file.Name}: '{field}' is not supported; a checkpoint without it is.");
            }
        }
    }

    private static int HeadSize(JsonFile file, int hidden, int heads)
    {
        int? fallback = hidden % heads == 0 ? hidden / heads : null;
        var size = file.Integer("head_dim", fallback, 1024);
        return size % 2 == 0 ? size : throw file.Wrong("head_dim", "even: rotary embedding turns pairs");
    }

    private static double RopeTheta(JsonFile file)
    {
        const double limit = 1e12;
        var theta = file.Number(file.Root, "rope_theta", 10000, limit);
        foreach (var field in (ReadOnlySpan<string>)["rope_scaling", "rope_parameters"])
        {
            if (JsonFile.Field(file.Root, field) is not { } rope)
            {
                continue;
            }

            if (rope.ValueKind != JsonValueKind.Object)
            {
                throw file.Wrong(field, "an object");
            }

            var type = file.Text(rope, "rope_type") ?? file.Text(rope, "type") ?? "default";
            if (type != "default")
            {
                throw new ModelImportException("rope_unsupported", $"{file.Name}: the rotary embedding type '{type}' is not supported; default is.");
            }

            RefusePartialRotation(file, rope);
            theta = file.Number(rope, "rope_theta", theta, limit);
        }

        RefusePartialRotation(file, file.Root);
        return theta;
    }

    private static void RefusePartialRotation(JsonFile file, JsonElement parent)
    {
        const double whole = 1;
        if (file.Number(parent, "partial_rotary_factor", whole, whole) < whole)
        {
            throw new ModelImportException("rope_unsupported", $"{file.Name}: a partial_rotary_factor below 1 is not supported.");
        }
    }

    private static ImmutableArray<int>? EosIds(JsonFile? file, int vocabulary)
    {
        if (file is null || JsonFile.Field(file.Root, "eos_token_id") is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(id => TokenId(file, "eos_token_id", id, vocabulary)).Distinct()]
            : [TokenId(file, "eos_token_id", value, vocabulary)];
    }

    private static int? BosId(JsonFile file, int vocabulary) =>
        JsonFile.Field(file.Root, "bos_token_id") is { } value ? TokenId(file, "bos_token_id", value, vocabulary) : null;

    private static int TokenId(JsonFile file, string field, JsonElement value, int vocabulary) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id >= 0 && id < vocabulary
            ? id
            : throw file.Wrong(field, $"token ids in [0, {vocabulary})");
}
