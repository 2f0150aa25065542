using System.Text.Json.Nodes;

namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>A tensor of the answer.</summary>
internal sealed record InferenceOutput(string Name, string Datatype, IReadOnlyList<int> Shape, JsonArray Data);
