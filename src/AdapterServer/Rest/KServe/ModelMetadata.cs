namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>What a model takes and gives.</summary>
internal sealed record ModelMetadata(string Name, IReadOnlyList<string> Versions, string Platform, IReadOnlyList<TensorMetadata> Inputs, IReadOnlyList<TensorMetadata> Outputs);
