using System.Text.Json.Nodes;

namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>Lists of a schema: <c>prefixItems</c> by place, <c>items</c> for the rest; draft 7's list of <c>items</c> with <c>additionalItems</c> means the same.</summary>
internal sealed class JsonArrayGrammar(ByteGraphBuilder builder, JsonTextGrammar json, Func<JsonNode?, string, int> ruleOf)
{
    public void Emit(SchemaFields schema, int from, int to)
    {
        var isOld = schema.Node("items") is JsonArray;
        var prefix = isOld ? [.. (JsonArray)schema.Node("items")!] : schema.Has("prefixItems") ? schema.List("prefixItems") : [];
        var restKeyword = isOld ? "additionalItems" : "items";
        var rest = schema.Has(restKeyword) ? ruleOf(schema.Node(restKeyword), $"{schema.Path}/{restKeyword}") : json.Value;
        var min = schema.Count("minItems") ?? 0;
        var max = schema.Count("maxItems");
        if (min > JsonTextGrammar.MostCounted)
        {
            throw schema.Refused("minItems", $"above {JsonTextGrammar.MostCounted}");
        }

        max = max > JsonTextGrammar.MostCounted ? null : max;
        if (max < min)
        {
            return;
        }

        if (prefix.Length == 0)
        {
            json.Array(from, to, rest, min, max);
            return;
        }

        Tuple(prefix.Select((item, i) => ruleOf(item, $"{schema.Path}/prefixItems/{i}")).ToArray(), rest, min, max, from, to);
    }

    private void Tuple(int[] prefix, int rest, int min, int? max, int from, int to)
    {
        var opened = builder.NewNode();
        builder.Text(from, "[", opened);
        var at = json.Spaced(opened);
        for (var i = 0; i < prefix.Length; i++)
        {
            if (i >= min)
            {
                builder.Text(json.Spaced(at), "]", to);
            }

            if (i == max)
            {
                return;
            }

            var next = builder.NewNode();
            builder.Call(i == 0 ? at : Comma(at), prefix[i], next);
            at = next;
        }

        var last = builder.NewNode();
        builder.Repeat(Math.Max(min - prefix.Length, 0), max - prefix.Length, (start, end) => builder.Call(Comma(start), rest, end), at, last);
        builder.Text(json.Spaced(last), "]", to);
    }

    private int Comma(int from)
    {
        var next = builder.NewNode();
        builder.Text(from, ",", next);
        return json.Spaced(next);
    }
}
