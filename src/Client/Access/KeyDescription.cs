using System.Text.Json;
using AdapterServe.Client.Http;

namespace AdapterServe.Client.Access;

/// <summary>An API key.</summary>
/// <param name="Id">What names it.</param>
/// <param name="Tenant">In whose name it acts.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Key">The whole key when it has just been made, and never again; else null.</param>
/// <param name="Json">Everything that the server says of it.</param>
public sealed record KeyDescription(string Id, string Tenant, string Name, IReadOnlyList<string> Scopes, string? Key, JsonElement Json)
{
    internal static KeyDescription Of(JsonElement json) => new(
        JsonMembers.Text(json, "id"), JsonMembers.Text(json, "tenant"), JsonMembers.TextOrNull(json, "name") ?? string.Empty, JsonMembers.Texts(json, "scopes"), JsonMembers.TextOrNull(json, "key"), json);
}
