using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>Whether no document can satisfy two of several schemas: by type, by values, or by a required member with different values. "No" may also mean "not certain".</summary>
internal static class SchemaOverlap
{
    private const int MaxAlternatives = 256;

    public static bool AreDisjoint(JsonNode?[] schemas, Func<string, JsonNode?> resolve)
    {
        if (schemas.Length > MaxAlternatives)
        {
            return false;
        }

        SchemaFields?[] all = [.. schemas.Select(schema => Resolved(schema, resolve))];
        for (var i = 0; i < all.Length; i++)
        {
            for (var k = 0; k < i; k++)
            {
                if (all[i] is null || all[k] is null || !AreDisjoint(all[i]!, all[k]!, resolve))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static SchemaFields? Resolved(JsonNode? schema, Func<string, JsonNode?> resolve)
    {
        for (var hops = 0; hops < 16 && schema is JsonObject members; hops++)
        {
            var fields = new SchemaFields(members, "#");
            if (!fields.Has("$ref"))
            {
                return fields.Bool("nullable") ? null : fields;
            }

            schema = resolve(fields.Text("$ref")!);
        }

        return null;
    }

    private static bool AreDisjoint(SchemaFields left, SchemaFields right, Func<string, JsonNode?> resolve)
    {
        if (Values(left) is { } first && Values(right) is { } second)
        {
            return !first.Any(value => Array.Exists(second, other => AreEqual(value, other)));
        }

        if (TypesOf(left) is { } types && TypesOf(right) is { } others && !types.Intersect(others).Any())
        {
            return true;
        }

        // Only among objects does a required member tell two schemas apart.
        return IsObject(left) && IsObject(right) && RequiredMembers(left).Any(name => RequiredMembers(right).Contains(name)
            && Resolved(left.Members("properties")?[name], resolve) is { } mine && Resolved(right.Members("properties")?[name], resolve) is { } theirs
            && Values(mine) is { } a && Values(theirs) is { } b && !a.Any(value => Array.Exists(b, other => AreEqual(value, other))));
    }

    // 1 and 1.0 are one value to JSON Schema.
    private static bool AreEqual(JsonNode? left, JsonNode? right) =>
        JsonNode.DeepEquals(left, right) || (SchemaFields.TypeOf(left) is "integer" or "number" && SchemaFields.TypeOf(right) is "integer" or "number" && double.Parse(left!.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) == double.Parse(right!.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture));

    private static bool IsObject(SchemaFields schema) => schema.Types is ["object"];

    private static string[] RequiredMembers(SchemaFields schema) => schema.Node("required") is JsonArray names ? [.. names.Select(name => $"{name}")] : [];

    private static JsonNode?[]? Values(SchemaFields schema) => schema.Has("const") ? [schema.Node("const")] : schema.Has("enum") ? schema.List("enum") : null;

    private static IEnumerable<string>? TypesOf(SchemaFields schema) =>
        (schema.Types ?? Values(schema)?.Select(SchemaFields.TypeOf))?.Select(type => type == "integer" ? "number" : type);
}
