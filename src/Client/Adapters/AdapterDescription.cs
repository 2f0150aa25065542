using System.Text.Json;
using AdapterServe.Client.Http;

namespace AdapterServe.Client.Adapters;

/// <summary>A version of an adapter, by its name the current one.</summary>
/// <param name="Name">The adapter.</param>
/// <param name="Version">Counted from 1.</param>
/// <param name="Digest"><c>sha256:…</c> of names and contents.</param>
/// <param name="Kind">The method, e.g. <c>lora</c>.</param>
/// <param name="State"><c>ready</c>, <c>quarantined</c>, <c>fused</c> or <c>deleted</c>.</param>
/// <param name="Bytes">Its files.</param>
/// <param name="Aliases">Names of this version.</param>
/// <param name="Json">Everything that the server says of it.</param>
public sealed record AdapterDescription(string Name, int Version, string Digest, string Kind, string State, long Bytes, IReadOnlyList<string> Aliases, JsonElement Json)
{
    internal static AdapterDescription Of(JsonElement json) => new(
        JsonMembers.Text(json, "name"),
        checked((int)JsonMembers.Number(json, "version")),
        JsonMembers.Text(json, "digest"),
        JsonMembers.Text(json, "kind"),
        JsonMembers.Text(json, "state"),
        JsonMembers.Number(json, "bytes"),
        JsonMembers.Texts(json, "aliases"),
        json);
}
