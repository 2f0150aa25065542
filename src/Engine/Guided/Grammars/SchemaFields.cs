using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>Typed access to the keywords of one schema. <b>Errors</b>: <see cref="GuideException"/> naming keyword and place.</summary>
internal sealed class SchemaFields(JsonObject schema, string path)
{
    private static readonly string[] Annotations =
    [
        "$schema", "$id", "id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
        "contentEncoding", "contentMediaType", "contentSchema", "discriminator", "externalDocs", "xml", "$anchor", "$vocabulary",
    ];

    private static readonly JsonSerializerOptions Readable = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly (string Type, string[] Keywords)[] Implied =
    [
        ("object", ["properties", "required", "additionalProperties", "minProperties", "maxProperties"]),
        ("array", ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems"]),
        ("string", ["minLength", "maxLength", "pattern", "format"]),
        ("number", ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
    ];

    public string Path => path;

    /// <summary>The keywords that say something about documents.</summary>
    public IEnumerable<string> Constraints => schema.Select(member => member.Key).Where(name => !Annotations.Contains(name) && IsKnown(name));

    /// <summary>All that is not a remark: the keywords above and those that nobody here knows.</summary>
    public IEnumerable<string> Keywords => schema.Select(member => member.Key).Where(name => !Annotations.Contains(name));

    /// <summary>As <c>type</c> says, or null.</summary>
    public string[]? Types => Node("type") switch
    {
        null when !Has("type") => null,
        JsonArray list => [.. list.Select(type => Named(type))],
        var one => [Named(one)],
    };

    /// <summary>Without <c>type</c>: those that the keywords are about, or any.</summary>
    public string[] ImpliedTypes =>
        [.. Implied.Where(type => type.Keywords.Any(Has)).Select(type => type.Type) is var types && types.Any() ? types : ["any"]];

    public bool Has(string keyword) => schema.ContainsKey(keyword);

    public JsonNode? Node(string keyword) => schema[keyword];

    public bool IsObject(string keyword) => Node(keyword) is JsonObject;

    public bool Bool(string keyword) => Node(keyword) is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    public string? Text(string keyword)
    {
        if (!Has(keyword))
        {
            return null;
        }

        return Node(keyword) is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : throw Wrong(keyword, "a string");
    }

    /// <summary>A count, of which none is larger than what can be laid out.</summary>
    public int? Count(string keyword)
    {
        if (!Has(keyword))
        {
            return null;
        }

        return Number(keyword) is var number && number >= 0 && number == decimal.Truncate(number) ? (int)Math.Min(number, int.MaxValue) : throw Wrong(keyword, "a count");
    }

    public decimal Number(string keyword) =>
        Node(keyword) is JsonValue value && value.GetValueKind() == JsonValueKind.Number && decimal.TryParse(value.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong(keyword, "a number of at most 28 digits");

    public JsonNode?[] List(string keyword) => Node(keyword) is JsonArray list && list.Count > 0 ? [.. list] : throw Wrong(keyword, "a list that is not empty");

    public JsonObject? Members(string keyword) => !Has(keyword) ? null : Node(keyword) as JsonObject ?? throw Wrong(keyword, "an object");

    public GuideException Refused(string keyword, string? why = null) => new($"'{keyword}' at {path} is not supported{(why is null ? string.Empty : " " + why)}.");

    public GuideException Wrong(string keyword, string expected) => new($"'{keyword}' at {path} must be {expected}.");

    /// <summary>A value as an answer writes it.</summary>
    public static string TextOf(JsonNode? value) => value?.ToJsonString(Readable) ?? "null";

    public static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => decimal.TryParse(value.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) && number == decimal.Truncate(number) ? "integer" : "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };

    private static bool IsKnown(string name) =>
        name is "type" or "enum" or "const" or "anyOf" or "oneOf" or "allOf" or "$ref" or "nullable" || Implied.Any(type => type.Keywords.Contains(name));

    private string Named(JsonNode? type) => type is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : throw Wrong("type", "a type's name or a list of them");
}
