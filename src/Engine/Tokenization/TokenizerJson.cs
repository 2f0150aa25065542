using System.Text.Json;

namespace AdapterServe.Engine.Tokenization;

/// <summary>Reads tokenizer files with an error that names file and field. Every file is taken for hostile: sizes, kinds and depth are checked.</summary>
internal static class TokenizerJson
{
    /// <summary>The largest known tokenizer.json is about 35 MB.</summary>
    private const long MaxFileBytes = 256L << 20;

    public static JsonDocument Open(string path)
    {
        string name = Path.GetFileName(path);
        if (!File.Exists(path))
        {
            throw new TokenizerException($"The model folder has no {name}; transformers writes one with AutoTokenizer.from_pretrained(…).save_pretrained(…).");
        }

        try
        {
            if (new FileInfo(path).Length > MaxFileBytes)
            {
                throw new TokenizerException($"{name} is larger than {MaxFileBytes >> 20} MiB.");
            }

            return JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException e)
        {
            throw new TokenizerException($"{name} is not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException($"{name} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>As <see cref="Open"/>, for a file that holds an object.</summary>
    public static JsonDocument OpenObject(string path)
    {
        JsonDocument document = Open(path);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw new TokenizerException($"{Path.GetFileName(path)} must hold a JSON object.");
    }

    /// <summary>The member, or null where it is absent or JSON null.</summary>
    public static JsonElement? Optional(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    public static JsonElement Required(this JsonElement element, string name) =>
        element.Optional(name) ?? throw new TokenizerException($"A tokenizer component lacks its field \"{name}\".");

    public static string Text(this JsonElement element, string what)
    {
        try
        {
            return element.GetString() ?? throw new TokenizerException($"{what} must be a string.");
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerException($"{what} must be a string of valid Unicode.", e);
        }
    }

    public static string TextOf(this JsonElement element, string name) => element.Required(name).Text(name);

    public static string? OptionalText(this JsonElement element, string name) => element.Optional(name)?.Text(name);

    public static bool Flag(this JsonElement element, string name, bool whenAbsent) => element.Optional(name) is not { } value
        ? whenAbsent
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new TokenizerException($"{name} must be true or false."),
        };

    public static int Integer(this JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value)
            ? value
            : throw new TokenizerException($"{what} must be an integer.");

    public static IEnumerable<JsonElement> Items(this JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Array
            ? element.EnumerateArray()
            : throw new TokenizerException($"{what} must be a list.");

    public static IEnumerable<JsonProperty> Members(this JsonElement element, string what) =>
        element.ValueKind == JsonValueKind.Object
            ? element.EnumerateObject()
            : throw new TokenizerException($"{what} must be an object.");
}
