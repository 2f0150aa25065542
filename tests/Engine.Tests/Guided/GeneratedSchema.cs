using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Tests.Guided;

/// <summary>JSON schemas by chance, of what is served; the same for the same number.</summary>
internal sealed class GeneratedSchema(int seed)
{
    private static readonly string[] Names = ["name", "id", "a b", "é", "\"q\"", "tags", "value"];
    private static readonly string[] Formats = ["date", "date-time", "uuid", "email", "ipv4"];
    private readonly Random _random = new(seed);

    public JsonObject Make()
    {
        var schema = Any(3);
        // Validators differ on what stands beside a reference at the root.
        schema = schema.ContainsKey("$ref") ? new JsonObject { ["anyOf"] = new JsonArray(schema) } : schema;
        schema["definitions"] = new JsonObject { ["node"] = Node() };
        return schema;
    }

    /// <summary>A tree: the one that refers to itself.</summary>
    private static JsonObject Node() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["v"] = new JsonObject { ["type"] = "integer" }, ["next"] = new JsonObject { ["$ref"] = "#/definitions/node" } },
        ["required"] = new JsonArray("v"),
        ["additionalProperties"] = false,
    };

    private JsonObject Any(int depth) => _random.Next(depth > 0 ? 12 : 7) switch
    {
        0 => Text(),
        1 => Integer(),
        2 => Number(),
        3 => new JsonObject { ["type"] = "boolean" },
        4 => new JsonObject { ["type"] = new JsonArray("null", "integer") },
        5 => new JsonObject { ["enum"] = new JsonArray("red", 1, null, new JsonObject { ["k"] = "é" }, -2.5) },
        6 => new JsonObject { ["$ref"] = "#/definitions/node" },
        7 or 8 => Members(depth),
        9 => List(depth),
        10 => new JsonObject { ["anyOf"] = new JsonArray(Any(depth - 1), Any(depth - 1)) },
        _ => new JsonObject { ["type"] = "object", ["additionalProperties"] = Any(depth - 1), ["maxProperties"] = _random.Next(1, 4) },
    };

    private JsonObject Text()
    {
        var schema = new JsonObject { ["type"] = "string" };
        switch (_random.Next(4))
        {
            case 0:
                schema["pattern"] = "^[A-Z\\\"][a-z]{1,4}( |\\n)[^a-y]$";
                break;
            case 1:
                schema["format"] = Formats[_random.Next(Formats.Length)];
                break;
            case 2:
                var least = _random.Next(3);
                (schema["minLength"], schema["maxLength"]) = (least, least + _random.Next(5));
                break;
        }

        return schema;
    }

    private JsonObject Integer()
    {
        var low = _random.Next(-1500, 1500);
        return new JsonObject { ["type"] = "integer", ["minimum"] = low, ["maximum"] = low + _random.Next(2000) };
    }

    private JsonObject Number() => _random.Next(2) == 0
        ? new JsonObject { ["type"] = "number" }
        : new JsonObject { ["type"] = "number", ["minimum"] = -_random.Next(3), ["maximum"] = 1 + _random.Next(30) };

    private JsonObject Members(int depth)
    {
        var properties = new JsonObject();
        var required = new JsonArray();
        foreach (var name in Names.Where(_ => _random.Next(3) == 0))
        {
            properties[name] = Any(depth - 1);
            if (_random.Next(2) == 0)
            {
                required.Add(name);
            }
        }

        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        return schema;
    }

    private JsonObject List(int depth)
    {
        var least = _random.Next(3);
        return new JsonObject { ["type"] = "array", ["items"] = Any(depth - 1), ["minItems"] = least, ["maxItems"] = least + _random.Next(3) };
    }
}
