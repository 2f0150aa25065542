using System.Text.Json;

namespace AdapterServe.Client.Http;

/// <summary>Members of other people's JSON. <b>Errors</b>: <see cref="InvalidDataException"/> for one that is missing or of another type.</summary>
internal static class JsonMembers
{
    public static string Text(JsonElement value, string name) => TextOrNull(value, name) ?? throw Missing(name);

    public static string? TextOrNull(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;

    public static long Number(JsonElement value, string name) =>
        value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetInt64(out var number) ? number : throw Missing(name);

    public static IReadOnlyList<string> Texts(JsonElement value, string name) => value.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Array
        ? [.. member.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : throw Missing(name))]
        : throw Missing(name);

    private static InvalidDataException Missing(string name) => new($"The server's answer has no '{name}', or not of the type expected; is this AdapterServe?");
}
