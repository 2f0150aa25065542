namespace AdapterServe.Kernels.Weights;

/// <summary>
/// What an adapter does to the rows of an embedding, found by token id: <see cref="ReplacedRows"/>, <see cref="LowRankRows"/> or <see cref="SparseRows"/>.
/// <b>Shapes</b>: V token ids (<see cref="FormWeights.InFeatures"/>), rows of H (<see cref="FormWeights.OutFeatures"/>).
/// </summary>
public abstract class EmbeddingRowsWeights : FormWeights
{
    private protected EmbeddingRowsWeights(int vocabulary, int width, long bytes, EmbeddingTable table)
        : base(FormKind.EmbeddingRows, vocabulary, width, bytes)
    {
        Table = table;
    }

    internal EmbeddingTable Table { get; }
}

/// <summary>Which of the three an <see cref="EmbeddingTable"/> is.</summary>
internal enum EmbeddingTableKind
{
    Replaced,
    LowRank,
    Sparse,
}

/// <summary>The weights of <see cref="EmbeddingRowsWeights"/> as the kernel sees them; fields that a kind does not use are zero.</summary>
internal unsafe struct EmbeddingTable
{
    public EmbeddingTableKind Kind;
    public WeightType Type;

    /// <summary>Replaced: [Count][H]. Low-rank: Aᵀ [V][Rank] and sixteen elements to spare. Sparse: [Count].</summary>
    public void* Values;

    /// <summary>Replaced: rows; sparse: stored elements.</summary>
    public int Count;

    /// <summary>Replaced: the rows' ids in ascending order, or null where every id has its row.</summary>
    public int* Ids;

    /// <summary>Low-rank: Bᵀ [Rank][H], each row padded to sixteen.</summary>
    public void* B;
    public int Rank;

    /// <summary>Low-rank and sparse.</summary>
    public float Scale;

    /// <summary>Sparse: [V + 1], and [Count] u16 or i32.</summary>
    public int* Starts;
    public void* Columns;
    public bool HasNarrowColumns;
}
