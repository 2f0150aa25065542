namespace AdapterServe.AdapterServer.KServe;

/// <summary>A tensor of an answer, of one dimension.</summary>
/// <param name="Name">One of <see cref="TensorNames"/>.</param>
/// <param name="Datatype">KServe's word.</param>
/// <param name="Texts">Values of BYTES.</param>
/// <param name="Numbers">Values of INT32 and INT64.</param>
internal sealed record OutputTensor(string Name, string Datatype, IReadOnlyList<string>? Texts, IReadOnlyList<long>? Numbers)
{
    public int Count => Texts?.Count ?? Numbers!.Count;
}
