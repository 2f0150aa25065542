using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// Several schemas that hold at once as one. <b>Errors</b>: <see cref="GuideException"/> where that one can't be written exactly: the same keyword with different values,
/// but for types, required names, described members, bounds and lists of values.
/// </summary>
internal static class SchemaMerge
{
    private const int MaxMembers = 10_000;

    public delegate JsonNode? Resolver(string reference, string path);

    public static JsonNode? AllOf(SchemaFields schema, Resolver resolve) =>
        schema.List("allOf").Aggregate((JsonNode?)Without(schema, "allOf"), (all, part) => Both(all, part, schema.Path, resolve));

    public static JsonNode? WithReference(SchemaFields schema, Resolver resolve) =>
        Both(Without(schema, "$ref"), resolve(schema.Text("$ref")!, schema.Path), schema.Path, resolve);

    public static JsonNode? WithBranch(SchemaFields schema, string keyword, JsonNode? branch, Resolver resolve) =>
        schema.Constraints.Any(other => other != keyword) ? Both(Without(schema, keyword), branch, schema.Path, resolve) : branch;

    private static JsonObject Without(SchemaFields schema, string keyword)
    {
        var rest = new JsonObject();
        foreach (var name in schema.Keywords.Where(name => name != keyword && name != "nullable"))
        {
            rest[name] = schema.Node(name)?.DeepClone();
        }

        return rest;
    }

    private static JsonNode? Both(JsonNode? first, JsonNode? second, string path, Resolver resolve, int depth = 0)
    {
        if (depth > 16)
        {
            throw new GuideException($"The schemas that hold at once at {path} refer to each other without end, or are nested too deeply.");
        }

        if (first is JsonValue flag)
        {
            return flag.GetValueKind() == System.Text.Json.JsonValueKind.True ? second?.DeepClone() : first;
        }

        if (second is JsonValue other)
        {
            return other.GetValueKind() == System.Text.Json.JsonValueKind.True ? first?.DeepClone() : second.DeepClone();
        }

        if (first is not JsonObject left || second is not JsonObject right)
        {
            throw new GuideException($"A schema is an object, true or false, which a part of {path} is not.");
        }

        left = Plain(left, path, resolve, depth);
        right = Plain(right, path, resolve, depth);
        RefuseClosed(left, right, path);
        var merged = (JsonObject)left.DeepClone();
        foreach (var keyword in new SchemaFields(right, path).Constraints)
        {
            merged[keyword] = merged.ContainsKey(keyword) ? Merge(keyword, merged[keyword], right[keyword], path, resolve, depth) : right[keyword]?.DeepClone();
        }

        foreach (var keyword in right.Select(member => member.Key).Where(name => !merged.ContainsKey(name)))
        {
            // What can't be held to is refused when the result is laid out.
            merged[keyword] = right[keyword]?.DeepClone();
        }

        return merged;
    }

    /// <summary>A schema without references and conjunctions at its top.</summary>
    private static JsonObject Plain(JsonObject schema, string path, Resolver resolve, int depth)
    {
        var fields = new SchemaFields(schema, path);
        if (fields.Bool("nullable"))
        {
            throw fields.Refused("nullable", "in schemas that hold at once");
        }

        JsonNode? plain = schema;
        if (fields.Has("$ref"))
        {
            plain = Both(Without(fields, "$ref"), resolve(fields.Text("$ref")!, path), path, resolve, depth + 1);
        }
        else if (fields.Has("allOf"))
        {
            plain = fields.List("allOf").Aggregate((JsonNode?)Without(fields, "allOf"), (all, part) => Both(all, part, path, resolve, depth + 1));
        }

        return plain as JsonObject ?? throw new GuideException($"Schemas that hold at once at {path} leave no document.");
    }

    /// <summary>A closed list of members closes over its own schema's names, which a merged one would not say.</summary>
    private static void RefuseClosed(JsonObject left, JsonObject right, string path)
    {
        var names = new[] { left, right }.Select(schema => (schema["properties"] as JsonObject)?.Select(member => member.Key).ToHashSet(StringComparer.Ordinal) ?? []).ToArray();
        var isClosed = left.ContainsKey("additionalProperties") || right.ContainsKey("additionalProperties");
        var isSame = names[0].SetEquals(names[1]) || (names[1].Count == 0 && !right.ContainsKey("additionalProperties")) || (names[0].Count == 0 && !left.ContainsKey("additionalProperties"));
        if (isClosed && !isSame)
        {
            throw new GuideException($"'additionalProperties' at {path} is not supported in one of several schemas that hold at once.");
        }
    }

    private static JsonNode? Merge(string keyword, JsonNode? left, JsonNode? right, string path, Resolver resolve, int depth)
    {
        if (JsonNode.DeepEquals(left, right))
        {
            return left?.DeepClone();
        }

        return keyword switch
        {
            "type" => Types(left, right),
            "required" => new JsonArray([.. Items(left).Concat(Items(right)).DistinctBy(item => item?.ToJsonString()).Select(item => item?.DeepClone())]),
            "enum" => Common(Items(left), Items(right), path),
            "properties" when left is JsonObject mine && right is JsonObject others => Properties(mine, others, path, resolve, depth),
            "minimum" or "minLength" or "minItems" or "minProperties" => Bound(left, right, greatest: true),
            "maximum" or "maxLength" or "maxItems" or "maxProperties" => Bound(left, right, greatest: false),
            _ => throw new GuideException($"'{keyword}' at {path} is not supported with different values in schemas that hold at once."),
        };
    }

    private static JsonNode?[] Items(JsonNode? node) => node is JsonArray list ? [.. list] : [node];

    private static JsonArray Types(JsonNode? left, JsonNode? right)
    {
        string[] first = [.. Items(left).Select(type => $"{type}")];
        string[] second = [.. Items(right).Select(type => $"{type}")];
        var both = first.Where(type => second.Contains(type) || (type == "integer" && second.Contains("number"))).Union(second.Where(type => type == "integer" && first.Contains("number")));
        return [.. both.Select(type => (JsonNode?)JsonValue.Create(type))];
    }

    private static JsonArray Common(JsonNode?[] left, JsonNode?[] right, string path)
    {
        var both = left.Where(value => Array.Exists(right, other => JsonNode.DeepEquals(value, other))).ToArray();
        return both.Length > 0 ? [.. both.Select(value => value?.DeepClone())] : throw new GuideException($"Schemas that hold at once at {path} have no value in common.");
    }

    private static JsonObject Properties(JsonObject left, JsonObject right, string path, Resolver resolve, int depth)
    {
        var merged = (JsonObject)left.DeepClone();
        foreach (var (name, value) in right)
        {
            merged[name] = merged.ContainsKey(name) ? Both(merged[name], value, $"{path}/properties/{name}", resolve, depth + 1) : value?.DeepClone();
        }

        return merged.Count <= MaxMembers ? merged : throw new GuideException($"The schema at {path} has more than {MaxMembers} members.");
    }

    private static JsonNode? Bound(JsonNode? left, JsonNode? right, bool greatest)
    {
        var fields = new SchemaFields(new JsonObject { ["left"] = left?.DeepClone(), ["right"] = right?.DeepClone() }, "a bound");
        return (fields.Number("left") >= fields.Number("right")) == greatest ? left?.DeepClone() : right?.DeepClone();
    }
}
