using System.Text.Json;

namespace AdapterServe.Client.Models;

internal static class ModelListReader
{
    public static IReadOnlyList<ModelDescription> Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
        {
            throw new InvalidDataException("The server's answer to /v1/models has no list 'data'; is this a server with OpenAI's interface?");
        }

        return [.. data.EnumerateArray().Select(ReadOne).OfType<ModelDescription>()];
    }

    private static ModelDescription? ReadOne(JsonElement model) => model.ValueKind == JsonValueKind.Object && Text(model, "id") is { } id
        ? new ModelDescription(
            id, Text(model, "owned_by") ?? string.Empty, Text(model, "parent"), Number(model, "max_model_len"),
            Number(model, "vocab_size") ?? Meta(model, "n_vocab"))
        : null;

    private static int? Meta(JsonElement model, string name) => model.TryGetProperty("meta", out var meta) && meta.ValueKind == JsonValueKind.Object
        ? Number(meta, name)
        : null;

    private static string? Text(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    private static int? Number(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt32(out var number) ? number : null;
}
