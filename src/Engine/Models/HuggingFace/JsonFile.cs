using System.Text.Json;

namespace AdapterServe.Engine.Models.HuggingFace;

/// <summary>
/// A JSON object of a model folder, read strictly: UTF-8, no duplicate keys, limited depth and size.
/// <b>Errors</b>: <see cref="ModelImportException"/> with the file's name and the field's in its sentence.
/// </summary>
internal sealed class JsonFile : IDisposable
{
    private readonly JsonDocument _document;

    private JsonFile(string name, JsonDocument document)
    {
        Name = name;
        _document = document;
    }

    public string Name { get; }

    public JsonElement Root => _document.RootElement;

    /// <summary>Null when there is no such file.</summary>
    public static JsonFile? TryOpen(string folder, string name, long limitBytes)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            return null;
        }

        var length = new FileInfo(path).Length;
        if (length > limitBytes)
        {
            throw new ModelImportException("json_too_large", $"{name} has {length} bytes; at most {limitBytes} are read.");
        }

        try
        {
            var bytes = File.ReadAllBytes(path);
            ReadEscapes(bytes);
            var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 64 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return new JsonFile(name, document);
            }

            document.Dispose();
            throw new ModelImportException("json_invalid", $"{name} must hold a JSON object.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ModelImportException("json_invalid", $"{name} is not valid JSON: {error.Message}", error);
        }
    }

    public static JsonElement? Field(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public ModelImportException Wrong(string field, string expected) =>
        new("config_field", $"{Name}: '{field}' must be {expected}.");

    public int Integer(string field, int? fallback, int limit)
    {
        var value = Field(Root, field);
        if (value is null)
        {
            return fallback ?? throw new ModelImportException("config_field", $"{Name} lacks '{field}'.");
        }

        return value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetInt32(out var number) && number >= 1 && number <= limit
            ? number
            : throw Wrong(field, $"an integer in [1, {limit}]");
    }

    public double Number(JsonElement parent, string field, double fallback, double limit)
    {
        var value = Field(parent, field);
        if (value is null)
        {
            return fallback;
        }

        return value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetDouble(out var number) && number > 0 && number <= limit
            ? number
            : throw Wrong(field, $"a number in (0, {limit:R}]");
    }

    /// <summary>Like <see cref="Integer"/>, from 0 on.</summary>
    public int Count(string field, int fallback) =>
        Field(Root, field) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number) && number == 0 ? 0 : Integer(field, fallback, int.MaxValue);

    /// <summary>Whether the field has a value that is not null.</summary>
    public bool Has(string field) => Field(Root, field) is not null;

    /// <summary>Whether the field is there, be it null.</summary>
    public bool Names(string field) => Root.TryGetProperty(field, out _);

    public bool Flag(string field, bool fallback = false) => Field(Root, field)?.ValueKind switch
    {
        null => fallback,
        JsonValueKind.False => false,
        JsonValueKind.True => true,
        _ => throw Wrong(field, "true or false"),
    };

    public string? Text(JsonElement parent, string field)
    {
        var value = Field(parent, field);
        return value is null || value.Value.ValueKind == JsonValueKind.String ? value?.GetString() : throw Wrong(field, "a string");
    }

    public void Dispose() => _document.Dispose();

    /// <summary>The document decodes strings when they are asked for; half a surrogate pair or bad UTF-8 must be found here.</summary>
    private static void ReadEscapes(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 64 });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
            {
                reader.GetString();
            }
        }
    }
}
