using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Json;

namespace AdapterServe.AdapterServer.KServe;

/// <summary>
/// A request of the Open Inference Protocol, whichever form it came in. <b>Semantics</b>: it is a legacy completion whose prompt is a tensor and whose other fields are parameters.
/// </summary>
internal sealed record InferenceRequest(
    ServedModel Model, string Id, IReadOnlyList<InputTensor> Inputs, IReadOnlyList<string> Outputs, IReadOnlyDictionary<string, JsonNode?> Parameters)
{
    /// <summary>The outputs that are asked for; all where none is named. <b>Errors</b>: 400 for an unknown one.</summary>
    public IReadOnlyList<string> Wanted()
    {
        var known = TensorNames.Outputs.Select(output => output.Name).ToList();
        return Outputs.FirstOrDefault(name => !known.Contains(name)) is not null
            ? throw ApiException.Invalid("outputs", $"The outputs of a model are {string.Join(", ", known)}.")
            : Outputs.Count == 0 ? known : Outputs;
    }

    /// <summary>The completion's JSON; the caller disposes it. <b>Errors</b>: 400 for tensors that don't go together.</summary>
    public JsonDocument ToCompletion()
    {
        var tensors = ByName();
        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { SkipValidation = true, Encoder = RestJson.Encoder }))
        {
            json.WriteStartObject();
            json.WriteString("model", Model.Reference);
            json.WritePropertyName("prompt");
            WritePrompt(json, tensors);
            json.WriteBoolean("return_token_ids", Wanted().Any(name => name is TensorNames.OutputIds or TensorNames.OutputLengths));
            WriteFlag(json, tensors, TensorNames.Stream, "stream", value => value);
            WriteFlag(json, tensors, TensorNames.ExcludeInput, "echo", value => !value);
            WriteMembers(json, Parameters);
            if (tensors.GetValueOrDefault(TensorNames.SamplingParameters) is { } sampling)
            {
                WriteMembers(json, Members(sampling));
            }

            json.WriteEndObject();
        }

        return JsonBody.Parse(bytes.WrittenMemory);
    }

    private static void WritePrompt(Utf8JsonWriter json, Dictionary<string, InputTensor> tensors)
    {
        var (text, ids) = (tensors.GetValueOrDefault(TensorNames.TextInput), tensors.GetValueOrDefault(TensorNames.InputIds));
        if (text is null == ids is null)
        {
            throw text is null
                ? ApiException.Missing(TensorNames.TextInput)
                : ApiException.Invalid(TensorNames.InputIds, $"Give '{TensorNames.TextInput}' or '{TensorNames.InputIds}', not both.");
        }

        json.WriteStartArray();
        foreach (var prompt in text?.RequireTexts() ?? [])
        {
            json.WriteStringValue(prompt);
        }

        foreach (var prompt in ids is null ? [] : Rows(ids))
        {
            json.WriteStartArray();
            foreach (var id in prompt)
            {
                json.WriteNumberValue(id);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private static IEnumerable<IEnumerable<long>> Rows(InputTensor ids)
    {
        var numbers = ids.RequireNumbers("INT32", "INT64");
        var width = ids.Shape.Count is 1 or 2 && ids.Shape[^1] > 0
            ? (int)ids.Shape[^1]
            : throw ApiException.Invalid(ids.Name, $"The shape of '{ids.Name}' is [tokens] or [prompts, tokens], with at least one token.");
        for (var start = 0; start < numbers.Count; start += width)
        {
            yield return numbers.Skip(start).Take(width);
        }
    }

    private static void WriteFlag(Utf8JsonWriter json, Dictionary<string, InputTensor> tensors, string name, string member, Func<bool, bool> meaning)
    {
        if (tensors.GetValueOrDefault(name) is { } tensor)
        {
            json.WriteBoolean(member, tensor.RequireNumbers("BOOL") is [var value] ? meaning(value != 0) : throw OneValue(name));
        }
    }

    private static void WriteMembers(Utf8JsonWriter json, IReadOnlyDictionary<string, JsonNode?> members)
    {
        foreach (var (name, value) in members)
        {
            json.WritePropertyName(name);
            if (value is null)
            {
                json.WriteNullValue();
            }
            else
            {
                value.WriteTo(json);
            }
        }
    }

    private static Dictionary<string, JsonNode?> Members(InputTensor sampling)
    {
        using var document = JsonBody.Parse(Encoding.UTF8.GetBytes(sampling.RequireTexts() is [var text] ? text : throw OneValue(sampling.Name)));
        return JsonObject.Create(document.RootElement.Clone())!.ToDictionary(member => member.Key, member => member.Value, StringComparer.Ordinal);
    }

    private static ApiException OneValue(string name) => ApiException.Invalid(name, $"'{name}' has one value.");

    private Dictionary<string, InputTensor> ByName()
    {
        var tensors = new Dictionary<string, InputTensor>(StringComparer.Ordinal);
        foreach (var input in Inputs)
        {
            if (input.Name is not (TensorNames.TextInput or TensorNames.InputIds or TensorNames.Stream or TensorNames.SamplingParameters or TensorNames.ExcludeInput))
            {
                throw ApiException.Invalid(
                    "inputs",
                    $"A model's inputs are {TensorNames.TextInput} or {TensorNames.InputIds}, {TensorNames.SamplingParameters}, {TensorNames.Stream} and {TensorNames.ExcludeInput}.");
            }

            if (!tensors.TryAdd(input.Name, input.Checked()))
            {
                throw ApiException.Invalid("inputs", $"The input '{input.Name}' is there twice.");
            }
        }

        return tensors;
    }
}
