using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.Engine.Guided;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>
/// Reads what an answer shall look like: OpenAI's <c>response_format</c>, vLLM's <c>guided_…</c> fields and its newer <c>structured_outputs</c>, one of them at a time.
/// <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.
/// </summary>
internal static class GuideParser
{
    private const string AnyObject = """{"type":"object"}""";
    private const int MaxChoices = 4096;
    private static readonly string[] Refused = ["structural_tag", "whitespace_pattern"];

    public static GuideRequest? Parse(JsonFields fields)
    {
        GuideRequest?[] asked =
        [
            ResponseFormat(fields),
            Json(fields, "guided_json"),
            Text(fields, "guided_regex", GuideKind.Regex),
            Text(fields, "guided_grammar", GuideKind.Grammar),
            Choice(fields, "guided_choice"),
            StructuredOutputs(fields),
        ];
        var given = asked.OfType<GuideRequest>().ToArray();
        if (given.Length > 1)
        {
            throw ApiException.Invalid(given[1].Param, $"'{given[0].Param}' and '{given[1].Param}' both say what the answer looks like; give one of them.");
        }

        if (given.Length > 0 && fields.Bool("ignore_eos", absent: false))
        {
            throw ApiException.Invalid("ignore_eos", $"'ignore_eos' can't be used with '{given[0].Param}': the answer ends where that ends.");
        }

        return given.FirstOrDefault();
    }

    private static GuideRequest? ResponseFormat(JsonFields fields)
    {
        if (fields.Object("response_format") is not { } format)
        {
            return null;
        }

        switch (format.RequiredString("type"))
        {
            case "text":
                return null;
            case "json_object":
                return new GuideRequest(GuideKind.JsonSchema, AnyObject, "response_format");
            case "json_schema":
                var schema = format.Object("json_schema") ?? throw ApiException.Missing("response_format.json_schema");
                return Json(schema, "schema") ?? throw ApiException.Missing("response_format.json_schema.schema");
            default:
                throw ApiException.Unsupported("response_format", "A response format is 'text', 'json_object' or 'json_schema'.");
        }
    }

    private static GuideRequest? StructuredOutputs(JsonFields fields)
    {
        if (fields.Object("structured_outputs") is not { } form)
        {
            return null;
        }

        foreach (var name in Refused.Where(form.Has))
        {
            throw ApiException.Unsupported(form.Path(name), $"'{form.Path(name)}' is not supported.");
        }

        GuideRequest?[] asked =
        [
            Json(form, "json"),
            Text(form, "regex", GuideKind.Regex),
            Text(form, "grammar", GuideKind.Grammar),
            Choice(form, "choice"),
            form.Bool("json_object", absent: false) ? new GuideRequest(GuideKind.JsonSchema, AnyObject, form.Path("json_object")) : null,
        ];
        var given = asked.OfType<GuideRequest>().ToArray();
        return given.Length == 1 ? given[0] : throw ApiException.Invalid("structured_outputs", "'structured_outputs' has one of json, regex, grammar, choice and json_object.");
    }

    /// <summary>A schema as it is, or as text.</summary>
    private static GuideRequest? Json(JsonFields fields, string name)
    {
        if (!fields.TryGet(name, out var value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False => new GuideRequest(GuideKind.JsonSchema, value.GetRawText(), fields.Path(name)),
            JsonValueKind.String => new GuideRequest(GuideKind.JsonSchema, value.GetString()!, fields.Path(name)),
            _ => throw ApiException.WrongType(fields.Path(name), "a JSON schema"),
        };
    }

    private static GuideRequest? Text(JsonFields fields, string name, GuideKind kind) =>
        fields.String(name) is { Length: > 0 } text ? new GuideRequest(kind, text, fields.Path(name)) : null;

    private static GuideRequest? Choice(JsonFields fields, string name)
    {
        if (!fields.TryGet(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            throw ApiException.WrongType(fields.Path(name), "a list of strings");
        }

        return value.GetArrayLength() is > 0 and <= MaxChoices
            ? new GuideRequest(GuideKind.Choice, value.GetRawText(), fields.Path(name))
            : throw ApiException.Invalid(fields.Path(name), $"'{fields.Path(name)}' has 1 to {MaxChoices} texts.");
    }
}
