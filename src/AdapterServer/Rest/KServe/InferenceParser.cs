using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.KServe;

namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>Reads the body of <c>POST /v2/models/{name}/infer</c>. <b>Errors</b>: <see cref="ApiException"/> 400 whose <c>param</c> names the field.</summary>
internal static class InferenceParser
{
    private const int MaxTensors = 16;

    public static InferenceRequest Parse(JsonElement body, ServedModel model)
    {
        var fields = new JsonFields(body);
        var parameters = fields.TryGet("parameters", out var value)
            ? value.ValueKind == JsonValueKind.Object ? JsonObject.Create(value.Clone())! : throw ApiException.WrongType("parameters", "an object")
            : [];
        return new InferenceRequest(
            model,
            fields.String("id") ?? string.Empty,
            [.. Items(fields, "inputs").Select(Input)],
            [.. Items(fields, "outputs").Select(output => output.RequiredString("name"))],
            parameters.ToDictionary(member => member.Key, member => member.Value, StringComparer.Ordinal));
    }

    private static IEnumerable<JsonFields> Items(JsonFields fields, string name)
    {
        if (fields.Objects(name) is not { } list)
        {
            return name == "inputs" ? throw ApiException.Missing(name) : [];
        }

        return list.Count <= MaxTensors
            ? list.Select((item, index) => new JsonFields(item, $"{name}[{index}]."))
            : throw ApiException.Invalid(name, $"'{name}' has more than {MaxTensors} tensors.");
    }

    private static InputTensor Input(JsonFields input)
    {
        var (name, datatype) = (input.RequiredString("name"), input.RequiredString("datatype"));
        if (!input.TryGet("data", out var data))
        {
            throw ApiException.Missing(input.Path("data"));
        }

        if (!input.TryGet("shape", out var shape))
        {
            throw ApiException.Missing(input.Path("shape"));
        }

        var values = new List<JsonElement>();
        Flatten(data, values);
        return new InputTensor(
            name,
            datatype,
            [.. Longs(shape, input.Path("shape"))],
            datatype == "BYTES" ? [.. values.Select(value => Text(value, input.Path("data")))] : null,
            datatype == "BYTES" ? null : [.. values.Select(value => Number(value, input.Path("data")))]);
    }

    /// <summary>Nested lists are the same as a flat one.</summary>
    private static void Flatten(JsonElement value, List<JsonElement> into)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            into.Add(value);
            return;
        }

        foreach (var item in value.EnumerateArray())
        {
            Flatten(item, into);
        }
    }

    private static IEnumerable<long> Longs(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(item => Number(item, path)) : throw ApiException.WrongType(path, "a list of integers");

    private static string Text(JsonElement value, string path) => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw ApiException.WrongType(path, "strings");

    private static long Number(JsonElement value, string path) => value.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.Number when value.TryGetInt64(out var number) => number,
        _ => throw ApiException.WrongType(path, "integers, or true and false"),
    };
}
