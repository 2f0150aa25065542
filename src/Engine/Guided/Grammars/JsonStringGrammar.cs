namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>Strings of a schema: by length, by pattern or by format, one of them at a time.</summary>
internal static class JsonStringGrammar
{
    public static void Emit(JsonTextGrammar json, SchemaFields schema, int from, int to)
    {
        var hasLength = schema.Has("minLength") || schema.Has("maxLength");
        if (schema.Text("pattern") is { } pattern)
        {
            RefuseBeside(schema, "pattern", hasLength, schema.Has("format"));
            json.StringOf(RegexParser.ParseSearch(pattern), from, to);
            return;
        }

        if (schema.Text("format") is { } format)
        {
            RefuseBeside(schema, "format", hasLength, other: false);
            var expression = JsonFormats.Find(format) ?? throw schema.Refused("format", $"'{format}'");
            json.StringOf(RegexParser.ParseWhole(expression), from, to);
            return;
        }

        var (min, max) = (schema.Count("minLength") ?? 0, schema.Count("maxLength"));
        if (min > JsonTextGrammar.MostCounted)
        {
            throw schema.Refused("minLength", $"above {JsonTextGrammar.MostCounted}");
        }

        if (max is null || max >= min)
        {
            json.String(from, to, min, max is null ? null : Math.Min(max.Value, JsonTextGrammar.MostCounted));
        }
    }

    private static void RefuseBeside(SchemaFields schema, string keyword, bool hasLength, bool other)
    {
        if (hasLength || other)
        {
            throw schema.Refused(keyword, $"together with {(hasLength ? "a length" : "'format'")}");
        }
    }
}
