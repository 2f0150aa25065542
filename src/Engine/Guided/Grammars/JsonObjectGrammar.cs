using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>Objects of a schema: the named members in the schema's order, those that are not required or left out, or a map from any names.</summary>
internal sealed class JsonObjectGrammar(ByteGraphBuilder builder, JsonTextGrammar json, Func<JsonNode?, string, int> ruleOf)
{
    public void Emit(SchemaFields schema, int from, int to)
    {
        var members = Members(schema);
        if (members.Count == 0)
        {
            Map(schema, from, to);
            return;
        }

        var required = members.Count(member => member.IsRequired);
        if (schema.Count("minProperties") > required)
        {
            throw schema.Refused("minProperties", "beyond the required members");
        }

        if (schema.Count("maxProperties") < members.Count)
        {
            throw schema.Refused("maxProperties", "below the named members");
        }

        Named(members, from, to);
    }

    private static List<Member> Members(SchemaFields schema)
    {
        var isNone = !schema.Has("required") || schema.Node("required") is JsonArray { Count: 0 };
        HashSet<string> required = isNone ? [] : schema.List("required").Select(NameOf).ToHashSet(StringComparer.Ordinal);
        var members = new List<Member>();
        foreach (var (name, value) in schema.Members("properties") ?? [])
        {
            members.Add(new Member(name, required.Remove(name), value, $"{schema.Path}/properties/{name}"));
        }

        // A name that is required and not described is whatever any other member is.
        JsonNode? others = schema.Has("additionalProperties") ? schema.Node("additionalProperties") : JsonValue.Create(true);
        members.AddRange(required.Select(name => new Member(name, true, others, $"{schema.Path}/additionalProperties")));
        return members;

        string NameOf(JsonNode? name) => name is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw schema.Wrong("required", "a list of names");
    }

    private void Map(SchemaFields schema, int from, int to)
    {
        var min = schema.Count("minProperties") ?? 0;
        if (min > 1)
        {
            throw schema.Refused("minProperties", "above 1 without named members: a name could be written twice");
        }

        // Neither names nor others: only the empty object, and so it is where there are names that none is required of.
        var isEmpty = schema.Has("additionalProperties") && schema.Node("additionalProperties") is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.False;
        var most = isEmpty ? 0 : schema.Count("maxProperties");
        var item = isEmpty || !schema.Has("additionalProperties") ? json.Value : ruleOf(schema.Node("additionalProperties"), $"{schema.Path}/additionalProperties");
        json.Map(from, to, item, min, most > JsonTextGrammar.MostCounted ? null : most);
    }

    /// <summary>
    /// Two nodes for each member, where it may begin: without a member before it, and with one, where a comma comes first. A member that may be missing is gone past.
    /// </summary>
    private void Named(List<Member> members, int from, int to)
    {
        var opened = builder.NewNode();
        builder.Text(from, "{", opened);
        var (alone, behind) = (json.Spaced(opened), builder.NewNode());
        foreach (var member in members)
        {
            var (nextAlone, nextBehind, name) = (builder.NewNode(), builder.NewNode(), builder.NewNode());
            builder.Skip(alone, name);
            var comma = builder.NewNode();
            builder.Text(behind, ",", comma);
            builder.Skip(json.Spaced(comma), name);
            var colon = builder.NewNode();
            builder.Text(name, SchemaFields.TextOf(member.Name) + ":", colon);
            builder.Call(json.Spaced(colon), ruleOf(member.Schema, member.Path), nextBehind);
            if (!member.IsRequired)
            {
                builder.Skip(alone, nextAlone);
                builder.Skip(behind, nextBehind);
            }

            (alone, behind) = (nextAlone, nextBehind);
        }

        builder.Text(alone, "}", to);
        builder.Text(json.Spaced(behind), "}", to);
    }

    private sealed record Member(string Name, bool IsRequired, JsonNode? Schema, string Path);
}
