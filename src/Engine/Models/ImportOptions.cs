namespace AdapterServe.Engine.Models;

/// <summary>What an import is to make of a model folder.</summary>
public sealed record ImportOptions
{
    /// <summary>The name under which the base is served; null: the folder's name.</summary>
    public string? Id { get; init; }

    /// <summary>How the layers' linears are held. Ones that the folder holds as integers stay as they are, unless this is <see cref="WeightFormat.F32"/>.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>How embedding and head are held; null: like the linears.</summary>
    public WeightFormat? EmbeddingWeights { get; init; }

    internal WeightFormat OfEmbedding => EmbeddingWeights ?? Weights;
}
