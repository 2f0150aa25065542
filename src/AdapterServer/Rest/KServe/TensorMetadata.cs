namespace AdapterServe.AdapterServer.Rest.KServe;

/// <param name="Name">The tensor's.</param>
/// <param name="Datatype">KServe's word.</param>
/// <param name="Shape">-1 is any.</param>
internal sealed record TensorMetadata(string Name, string Datatype, IReadOnlyList<int> Shape);
