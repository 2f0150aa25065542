using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.Models;

/// <param name="Id">What a request's <c>model</c> field may say.</param>
/// <param name="Object">Always <c>model</c>.</param>
/// <param name="Created">Unix seconds.</param>
/// <param name="OwnedBy">Always <c>adapterserve</c>.</param>
/// <param name="Root">The base for the base, the content digest for an adapter.</param>
/// <param name="Parent">The base's id for an adapter, null for the base.</param>
/// <param name="MaxModelLen">Most tokens of prompt and answer together.</param>
/// <param name="VocabSize">Token ids are in [0, size).</param>
internal sealed record ModelCard(
    string Id, string Object, long Created, string OwnedBy, string Root, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Parent, int MaxModelLen,
    int VocabSize)
{
    /// <summary>True for the adapter that is fused into the base: only it is served. Left out otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Fused { get; init; }
}
