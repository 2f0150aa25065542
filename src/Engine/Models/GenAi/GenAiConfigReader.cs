using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.Engine.Models.HuggingFace;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>
/// Reads <c>genai_config.json</c>. What would change the computation and is not known here is refused, never ignored.
/// <b>Errors</b>: <see cref="ModelImportException"/>, one code for each cause. <b>Source</b>: onnxruntime-genai <c>src/config.cpp</c>.
/// </summary>
internal sealed class GenAiConfigReader
{
    public const string ConfigFile = "genai_config.json";
    private const long LimitBytes = 1 << 20;
    private const int MaxSize = 1 << 20;
    private readonly JsonFile _file;
    private readonly JsonElement _model;
    private readonly JsonElement _decoder;

    private GenAiConfigReader(JsonFile file)
    {
        _file = file;
        RefuseOthers(file.Root, "", "model", "search");
        _model = Object(file.Root, "model");
        RefuseOthers(
            _model, "model.", "bos_token_id", "context_length", "decoder", "eos_token_id", "pad_token_id", "sep_token_id", "decoder_start_token_id",
            "type", "vocab_size");
        _decoder = Object(_model, "decoder");
        RefuseOthers(
            _decoder, "model.decoder.", "session_options", "run_options", "filename", "head_size", "hidden_size", "inputs", "outputs",
            "num_attention_heads", "num_hidden_layers", "num_key_value_heads");
        if (JsonFile.Field(_decoder, "session_options") is { } session && JsonFile.Field(session, "custom_ops_library") is not null)
        {
            throw Unsupported("model.decoder.session_options.custom_ops_library");
        }
    }

    public static bool Knows(string folder) => File.Exists(Path.Combine(folder, ConfigFile));

    public static GenAiConfig Read(string folder)
    {
        using var file = JsonFile.TryOpen(folder, ConfigFile, LimitBytes)
            ?? throw new ModelImportException("config_missing", $"The model folder '{folder}' has no {ConfigFile}.");
        return new GenAiConfigReader(file).Read();
    }

    private GenAiConfig Read()
    {
        var vocabulary = Integer(_model, "vocab_size", 1 << 22);
        var config = new GenAiConfig
        {
            Family = Family(),
            GraphFile = GraphFile(),
            Names = Names(),
            Search = Search(),
            Layers = Integer(_decoder, "num_hidden_layers", 1024),
            HiddenSize = Integer(_decoder, "hidden_size", MaxSize),
            Heads = Integer(_decoder, "num_attention_heads", 4096),
            KvHeads = Integer(_decoder, "num_key_value_heads", 4096),
            HeadSize = Integer(_decoder, "head_size", 1024),
            VocabularySize = vocabulary,
            ContextTokens = Integer(_model, "context_length", 1 << 22),
            EosTokenIds = EosIds(vocabulary),
            BosTokenId = JsonFile.Field(_model, "bos_token_id") is { } bos ? TokenId(bos, "bos_token_id", vocabulary) : null,
        };
        return config.Heads % config.KvHeads == 0
            ? config
            : throw _file.Wrong("num_key_value_heads", $"a divisor of num_attention_heads ({config.Heads})");
    }

    private GenAiFamily Family()
    {
        var type = Text(_model, "type");
        return GenAiFamily.Find(type)
            ?? throw new ModelImportException(
                "architecture_unsupported", $"{_file.Name}: the model type '{type}' is not supported; {GenAiFamily.Types} are.");
    }

    private string GraphFile()
    {
        var name = Text(_decoder, "filename");
        return Path.GetFileName(name) == name && !name.Contains('\\', StringComparison.Ordinal) && name is not ("" or "." or "..")
            ? name
            : throw _file.Wrong("filename", "the name of a file in the folder");
    }

    private GenAiNames Names()
    {
        var (inputs, outputs) = (Object(_decoder, "inputs"), Object(_decoder, "outputs"));
        RefuseOthers(inputs, "model.decoder.inputs.", "input_ids", "attention_mask", "position_ids", "past_key_names", "past_value_names");
        RefuseOthers(outputs, "model.decoder.outputs.", "logits", "present_key_names", "present_value_names", "hidden_states");
        return new GenAiNames
        {
            InputIds = Text(inputs, "input_ids"),
            AttentionMask = Text(inputs, "attention_mask"),
            PositionIds = _file.Text(inputs, "position_ids"),
            PastKeys = Template(inputs, "past_key_names"),
            PastValues = Template(inputs, "past_value_names"),
            Logits = Text(outputs, "logits"),
            PresentKeys = Template(outputs, "present_key_names"),
            PresentValues = Template(outputs, "present_value_names"),
        };
    }

    private GenAiSearch Search()
    {
        if (JsonFile.Field(_file.Root, "search") is not { } search)
        {
            return new GenAiSearch(null, null, null, null, null, null, null);
        }

        return new GenAiSearch(
            Flag(search, "do_sample"), Number("temperature"), Number("top_p"), Count("top_k"), Number("repetition_penalty"), Count("min_length"),
            Count("max_length"));

        double? Number(string field) => JsonFile.Field(search, field) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var number) && double.IsFinite(number) && number >= 0 => number,
            _ => throw _file.Wrong(field, "a number of at least 0"),
        };

        int? Count(string field) => JsonFile.Field(search, field) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= 0 => number,
            _ => throw _file.Wrong(field, "an integer of at least 0"),
        };
    }

    private ImmutableArray<int> EosIds(int vocabulary) => JsonFile.Field(_model, "eos_token_id") switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(id => TokenId(id, "eos_token_id", vocabulary)).Distinct()],
        { } id => [TokenId(id, "eos_token_id", vocabulary)],
    };

    private int TokenId(JsonElement value, string field, int vocabulary) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id >= 0 && id < vocabulary
            ? id
            : throw _file.Wrong(field, $"token ids in [0, {vocabulary})");

    private JsonElement Object(JsonElement parent, string field) =>
        JsonFile.Field(parent, field) is { ValueKind: JsonValueKind.Object } value ? value : throw _file.Wrong(field, "an object");

    private string Text(JsonElement parent, string field) => _file.Text(parent, field) ?? throw _file.Wrong(field, "a string");

    private string Template(JsonElement parent, string field) =>
        Text(parent, field) is var name && GenAiNames.IsTemplate(name) ? name : throw _file.Wrong(field, "a name with one %d in it");

    private int Integer(JsonElement parent, string field, int limit) =>
        JsonFile.Field(parent, field) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number)
            && number >= 1 && number <= limit
            ? number
            : throw _file.Wrong(field, $"an integer in [1, {limit}]");

    private bool? Flag(JsonElement parent, string field) => JsonFile.Field(parent, field)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw _file.Wrong(field, "true or false"),
    };

    private void RefuseOthers(JsonElement parent, string at, params ReadOnlySpan<string> known)
    {
        foreach (var property in parent.EnumerateObject())
        {
            if (!known.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
            {
                throw Unsupported(at + property.Name);
            }
        }
    }

    private ModelImportException Unsupported(string field) => new(
        "config_unsupported",
        $"{_file.Name}: '{field}' is not supported; a text decoder in one graph is, as the model builder exports it with '-e cpu'.");
}
