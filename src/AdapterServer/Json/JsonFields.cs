using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;

namespace AdapterServe.AdapterServer.Json;

/// <summary>
/// Typed access to the fields of one JSON object. A field that is null counts as absent, as OpenAI's clients send it.
/// <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.
/// </summary>
internal readonly struct JsonFields(JsonElement element, string prefix = "")
{
    public string Path(string name) => prefix + name;

    public bool TryGet(string name, out JsonElement value) =>
        element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    public bool Has(string name) => TryGet(name, out _);

    public string? String(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw ApiException.WrongType(Path(name), "a string");
    }

    /// <summary>A list of objects.</summary>
    public IReadOnlyList<JsonElement>? Objects(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Object)
            ? [.. value.EnumerateArray()]
            : throw ApiException.WrongType(Path(name), "a list of objects");
    }

    public string RequiredString(string name) => String(name) ?? throw ApiException.Missing(Path(name));

    public bool Bool(string name, bool absent)
    {
        if (!TryGet(name, out var value))
        {
            return absent;
        }

        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw ApiException.WrongType(Path(name), "true or false"),
        };
    }

    /// <summary>An integer in [<paramref name="min"/>, <paramref name="max"/>].</summary>
    public int? Int(string name, int min, int max)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        return IntOf(value, Path(name)) is var number && number >= min && number <= max
            ? (int)number
            : throw ApiException.Invalid(Path(name), $"'{Path(name)}' must be {(max == int.MaxValue ? $"at least {min}" : $"between {min} and {max}")}.");
    }

    public long? Long(string name) => TryGet(name, out var value) ? IntOf(value, Path(name)) : null;

    /// <summary>A finite number in [<paramref name="min"/>, <paramref name="max"/>], also as a 32-bit float.</summary>
    public float? Float(string name, float min, float max) => TryGet(name, out var value) ? FloatOf(value, Path(name), min, max) : null;

    /// <summary>The same with the precision of 64 bits.</summary>
    public double? Double(string name, double min, double max)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.WrongType(Path(name), "a number");
        }

        return value.TryGetDouble(out var number) && number >= min && number <= max
            ? number
            : throw ApiException.Invalid(Path(name), $"'{Path(name)}' must be a finite number{Range((float)min, (float)max)}.");
    }

    public JsonFields? Object(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object ? new JsonFields(value, Path(name) + ".") : throw ApiException.WrongType(Path(name), "an object");
    }

    /// <summary>An object of strings.</summary>
    public ImmutableSortedDictionary<string, string>? Labels(string name)
    {
        if (!TryGet(name, out var labels))
        {
            return null;
        }

        var path = Path(name);
        return labels.ValueKind == JsonValueKind.Object
            ? labels.EnumerateObject().ToImmutableSortedDictionary(
                label => label.Name,
                label => label.Value.ValueKind == JsonValueKind.String ? label.Value.GetString()! : throw ApiException.WrongType($"{path}.{label.Name}", "a string"),
                StringComparer.Ordinal)
            : throw ApiException.WrongType(path, "an object");
    }

    /// <summary>Refuses any other field.</summary>
    public void RequireOnly(params ReadOnlySpan<string> names)
    {
        foreach (var field in element.EnumerateObject())
        {
            if (!names.Contains(field.Name))
            {
                throw ApiException.Unsupported(Path(field.Name), $"There is no field '{Path(field.Name)}' here; there are {string.Join(", ", names.ToArray())}.");
            }
        }
    }

    /// <summary>A list of ids in [0, <paramref name="vocabulary"/>), at most <paramref name="most"/> of them.</summary>
    public int[]? Ids(string name, int vocabulary, int most) => TryGet(name, out var value) ? IdsOf(value, Path(name), vocabulary, most) : null;

    public static int[] IdsOf(JsonElement value, string path, int vocabulary, int most)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.WrongType(path, "a list of token ids");
        }

        var count = value.GetArrayLength();
        if (count > most)
        {
            throw ApiException.Invalid(path, $"'{path}' has {count} ids, more than the {most} that are taken.");
        }

        var ids = new int[count];
        var i = 0;
        foreach (var item in value.EnumerateArray())
        {
            ids[i++] = IdOf(item, path, vocabulary);
        }

        return ids;
    }

    public static float FloatOf(JsonElement value, string path, float min, float max)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.WrongType(path, "a number");
        }

        var number = value.TryGetDouble(out var parsed) ? (float)parsed : float.NaN;
        return float.IsFinite(number) && parsed >= min && parsed <= max
            ? number
            : throw ApiException.Invalid(path, $"'{path}' must be a finite number{Range(min, max)}.");
    }

    private static string Range(float min, float max) =>
        (min, max) is (float.MinValue, float.MaxValue) ? string.Empty : max is float.MaxValue ? $", at least {min}" : $" between {min} and {max}";

    private static int IdOf(JsonElement item, string path, int vocabulary)
    {
        if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var id))
        {
            throw ApiException.WrongType(path, "a list of integer token ids");
        }

        return id >= 0 && id < vocabulary ? (int)id : throw ApiException.Invalid(path, $"'{path}' has the id {id}, which is outside of the vocabulary of {vocabulary}.");
    }

    private static long IntOf(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiException.WrongType(path, "an integer");
        }

        if (value.TryGetInt64(out var exact))
        {
            return exact;
        }

        // 5.0 and 1e2 are integers too.
        return value.TryGetDouble(out var number) && number == Math.Floor(number) && Math.Abs(number) < 1L << 53
            ? (long)number
            : throw ApiException.WrongType(path, "an integer of 64 bits");
    }
}
