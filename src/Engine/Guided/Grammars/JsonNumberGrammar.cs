namespace AdapterServe.Engine.Guided.Grammars;

/// <summary>Numbers of a schema: integers between any bounds, others between whole bounds.</summary>
internal static class JsonNumberGrammar
{
    public static void Emit(JsonTextGrammar json, SchemaFields schema, string type, int from, int to)
    {
        var low = Bound(schema, "minimum", "exclusiveMinimum");
        var high = Bound(schema, "maximum", "exclusiveMaximum");
        if (low is null && high is null)
        {
            json.Expression(type == "integer" ? JsonTextGrammar.Integer : JsonTextGrammar.Number, from, to);
            return;
        }

        if (type == "integer")
        {
            Add(json, Integers(low, high), from, to);
            return;
        }

        foreach (var (bound, keyword) in new[] { (low, "minimum"), (high, "maximum") })
        {
            if (bound is { } number && number.Value != decimal.Truncate(number.Value))
            {
                throw schema.Refused(keyword, "with a fraction for numbers");
            }
        }

        Add(json, Integers(low, high), from, to);
        Add(json, Fractions(low, high), from, to);
    }

    private static string? Integers((decimal Value, bool IsOpen)? low, (decimal Value, bool IsOpen)? high)
    {
        decimal least = low is { } l ? (l.IsOpen ? decimal.Floor(l.Value) + 1 : decimal.Ceiling(l.Value)) : -JsonIntegers.Most;
        decimal most = high is { } h ? (h.IsOpen ? decimal.Ceiling(h.Value) - 1 : decimal.Floor(h.Value)) : JsonIntegers.Most;
        (least, most) = (Math.Max(least, -JsonIntegers.Most), Math.Min(most, JsonIntegers.Most));
        return least <= most ? JsonIntegers.Between((long)least, (long)most) : null;
    }

    /// <summary>Strictly between two neighbouring integers there are those with a fraction that is not 0, whose whole part is the one nearer to 0.</summary>
    private static string? Fractions((decimal Value, bool IsOpen)? low, (decimal Value, bool IsOpen)? high)
    {
        const string Some = "\\.[0-9]{0,14}[1-9]";
        var least = (long)Math.Clamp(low?.Value ?? -JsonIntegers.Most, -JsonIntegers.Most, JsonIntegers.Most);
        var most = (long)Math.Clamp(high?.Value ?? JsonIntegers.Most, -JsonIntegers.Most, JsonIntegers.Most);
        var above = most > 0 ? JsonIntegers.Between(Math.Max(least, 0), most - 1) : null;
        var below = least < 0 ? JsonIntegers.Between(Math.Max(-most, 0), -least - 1) : null;
        string?[] parts = [above is null ? null : $"({above}){Some}", below is null ? null : $"-({below}){Some}"];
        return parts.All(part => part is null) ? null : string.Join('|', parts.Where(part => part is not null));
    }

    private static void Add(JsonTextGrammar json, string? expression, int from, int to)
    {
        if (expression is not null)
        {
            json.Expression(expression, from, to);
        }
    }

    /// <summary>The stricter of the closed and the open bound; draft 4's open bound is a flag.</summary>
    private static (decimal Value, bool IsOpen)? Bound(SchemaFields schema, string closed, string open)
    {
        (decimal Value, bool IsOpen)? bound = schema.Has(closed) ? (schema.Number(closed), schema.Bool(open)) : null;
        if (!schema.Has(open) || schema.Node(open)?.GetValueKind() is System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False)
        {
            return bound;
        }

        var other = schema.Number(open);
        var isStricter = bound is not { } known || (closed == "minimum" ? other >= known.Value : other <= known.Value);
        return isStricter ? (other, true) : bound;
    }
}
