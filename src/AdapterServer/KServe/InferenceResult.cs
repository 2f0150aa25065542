namespace AdapterServe.AdapterServer.KServe;

/// <summary>An answer, or a piece of one.</summary>
internal sealed record InferenceResult(ServedModel Model, string Id, IReadOnlyList<OutputTensor> Outputs);
