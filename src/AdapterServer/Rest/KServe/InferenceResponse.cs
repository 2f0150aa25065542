using System.Text.Json.Serialization;

namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>The answer of an inference.</summary>
internal sealed record InferenceResponse(
    string ModelName, string ModelVersion, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Id, IReadOnlyList<InferenceOutput> Outputs);
