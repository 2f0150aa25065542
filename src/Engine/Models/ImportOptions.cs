namespace AdapterServe.Engine.Models;

/// <summary>What an import is to make of a model folder.</summary>
public sealed record ImportOptions
{
    /// <summary>The name under which the base is served; null: the folder's name.</summary>
    public string? Id { get; init; }

    /// <summary>How the layers' linears are held. What the folder holds as integers stays as it is, unless this is <see cref="WeightFormat.F32"/>.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>
    /// How embedding and head are held; null: f32 where the linears are, else in 8 bits, because 4 bits of the head alone cost more exactness than those of all linears.
    /// </summary>
    public WeightFormat? EmbeddingWeights { get; init; }

    /// <summary>Whether adapters may be written into the linears while the model is served, which must be f32 then.</summary>
    public bool IsFusable { get; init; }

    /// <summary>How keys and values are held.</summary>
    public KvFormat KvFormat { get; init; }

    internal WeightFormat OfEmbedding => EmbeddingWeights ?? (Weights == WeightFormat.F32 ? WeightFormat.F32 : WeightFormat.Int8);
}
