using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>
/// A JSON schema as rules. <b>Semantics</b>: every text of the grammar is a document that the schema takes, not every such document a text of the grammar: members come in
/// the schema's order, and where members are named no others are written. <b>Errors</b>: <see cref="GuideException"/> naming the keyword that can't be held to, and its place.
/// <b>Source</b>: JSON Schema 2020-12 and its predecessors from draft 4 on, where they agree.
/// </summary>
internal sealed class JsonSchemaGrammar
{
    private const int MaxDepth = 64;

    private static readonly string[] Refused =
    [
        "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "dependencies", "patternProperties", "propertyNames", "contains", "minContains", "maxContains",
        "multipleOf", "divisibleBy", "disallow", "extends", "$dynamicRef", "$recursiveRef",
    ];

    private static readonly string[] Unevaluated = ["unevaluatedProperties", "unevaluatedItems"];

    private readonly ByteGraphBuilder _builder;
    private readonly JsonTextGrammar _json;
    private readonly JsonObjectGrammar _objects;
    private readonly JsonNode? _root;
    private readonly Dictionary<string, int> _references = new(StringComparer.Ordinal);
    private int _depth;

    public JsonSchemaGrammar(ByteGraphBuilder builder, JsonElement schema)
    {
        _builder = builder;
        _json = new JsonTextGrammar(builder);
        _objects = new JsonObjectGrammar(builder, _json, RuleOf);
        _root = JsonNode.Parse(schema.GetRawText());
    }

    public void Emit(int rule) => Emit(_root, "#", _builder.StartOf(rule), _builder.EndOf(rule));

    private int RuleOf(JsonNode? schema, string path) => _json.NewRule((from, to) => Emit(schema, path, from, to));

    private void Emit(JsonNode? node, string path, int from, int to)
    {
        if (++_depth > MaxDepth)
        {
            throw new GuideException($"The schema is nested deeper than {MaxDepth} at {path}.");
        }

        switch (node)
        {
            case JsonValue value when value.GetValueKind() is JsonValueKind.True:
                _builder.Call(from, _json.Value, to);
                break;
            case JsonValue value when value.GetValueKind() is JsonValueKind.False:
                break;
            case JsonObject schema:
                Emit(new SchemaFields(schema, path), from, to);
                break;
            default:
                throw new GuideException($"A schema is an object, true or false, which {path} is not.");
        }

        _depth--;
    }

    private void Emit(SchemaFields schema, int from, int to)
    {
        foreach (var keyword in Refused.Where(schema.Has))
        {
            throw schema.Refused(keyword);
        }

        // Members beside the named ones are never written, so closing over those changes nothing.
        var isClosed = schema.Members("properties") is { Count: > 0 };
        foreach (var keyword in Unevaluated.Where(name => schema.Has(name) && !schema.Bool(name)))
        {
            if (keyword == "unevaluatedItems" || !isClosed)
            {
                throw schema.Refused(keyword);
            }
        }

        if (schema.Bool("uniqueItems") && schema.Count("maxItems") is not (0 or 1))
        {
            throw schema.Refused("uniqueItems");
        }

        if (schema.Bool("nullable"))
        {
            _builder.Text(from, "null", to);
        }

        if (schema.Has("$ref"))
        {
            Reference(schema, from, to);
        }
        else if (schema.Has("allOf"))
        {
            Emit(SchemaMerge.AllOf(schema, Resolve), schema.Path, from, to);
        }
        else if (schema.Has("anyOf") || schema.Has("oneOf"))
        {
            Alternatives(schema, from, to);
        }
        else if (schema.Has("enum") || schema.Has("const"))
        {
            Values(schema, from, to);
        }
        else
        {
            Typed(schema, from, to);
        }
    }

    private void Reference(SchemaFields schema, int from, int to)
    {
        var name = schema.Text("$ref")!;
        if (schema.Constraints.Any(keyword => keyword != "$ref"))
        {
            Emit(SchemaMerge.WithReference(schema, Resolve), schema.Path, from, to);
            return;
        }

        if (!_references.TryGetValue(name, out var rule))
        {
            rule = _builder.NewRule();
            _references.Add(name, rule);
            var depth = _depth;
            _depth = 0;
            Emit(Resolve(name, schema.Path), name, _builder.StartOf(rule), _builder.EndOf(rule));
            _depth = depth;
        }

        _builder.Call(from, rule, to);
    }

    private JsonNode? Resolve(string name, string path)
    {
        var parts = name.Split('/');
        var node = _root;
        if (parts[0] != "#")
        {
            throw new GuideException($"'$ref' at {path} does not begin with '#': only places within the schema can be referred to.");
        }

        foreach (var part in parts.Skip(1).Select(part => Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
        {
            node = node switch
            {
                JsonObject members when members.TryGetPropertyValue(part, out var member) => member,
                JsonArray items when int.TryParse(part, out var index) && index >= 0 && index < items.Count => items[index],
                _ => throw new GuideException($"'$ref' at {path} refers to {name}, which the schema does not have."),
            };
        }

        return node;
    }

    private void Alternatives(SchemaFields schema, int from, int to)
    {
        var keyword = schema.Has("anyOf") ? "anyOf" : "oneOf";
        if (schema.Has("anyOf") && schema.Has("oneOf"))
        {
            throw schema.Refused("oneOf", "together with 'anyOf'");
        }

        var branches = schema.List(keyword).Select(branch => SchemaMerge.WithBranch(schema, keyword, branch, Resolve)).ToArray();
        if (keyword == "oneOf" && !SchemaOverlap.AreDisjoint(branches, name => Resolve(name, schema.Path)))
        {
            throw schema.Refused("oneOf", "whose alternatives may hold at once; use 'anyOf', or give each a type or a required constant of its own");
        }

        for (var i = 0; i < branches.Length; i++)
        {
            Emit(branches[i], $"{schema.Path}/{keyword}/{i}", from, to);
        }
    }

    private void Values(SchemaFields schema, int from, int to)
    {
        if (schema.Constraints.FirstOrDefault(keyword => keyword is not ("enum" or "const" or "type" or "nullable")) is { } other)
        {
            throw schema.Refused(other, "together with 'enum' or 'const'");
        }

        var values = schema.Has("enum") ? schema.List("enum") : [schema.Node("const")];
        if (schema.Has("enum") && schema.Has("const"))
        {
            values = [.. values.Where(value => JsonNode.DeepEquals(value, schema.Node("const")))];
        }

        foreach (var value in values.Where(value => schema.Types is not { } types || types.Contains(SchemaFields.TypeOf(value)) || (types.Contains("number") && SchemaFields.TypeOf(value) == "integer")))
        {
            _builder.Text(from, SchemaFields.TextOf(value), to);
        }
    }

    private void Typed(SchemaFields schema, int from, int to)
    {
        foreach (var type in schema.Types ?? schema.ImpliedTypes)
        {
            switch (type)
            {
                case "object":
                    _objects.Emit(schema, from, to);
                    break;
                case "array":
                    new JsonArrayGrammar(_builder, _json, RuleOf).Emit(schema, from, to);
                    break;
                case "string":
                    JsonStringGrammar.Emit(_json, schema, from, to);
                    break;
                case "integer" or "number":
                    JsonNumberGrammar.Emit(_json, schema, type, from, to);
                    break;
                case "boolean":
                    _builder.Text(from, "true", to);
                    _builder.Text(from, "false", to);
                    break;
                case "null":
                    _builder.Text(from, "null", to);
                    break;
                case "any":
                    _builder.Call(from, _json.Value, to);
                    break;
                default:
                    throw new GuideException($"'{type}' at {schema.Path} is no type.");
            }
        }
    }
}
