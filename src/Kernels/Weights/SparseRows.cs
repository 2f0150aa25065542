namespace AdapterServe.Kernels.Weights;

/// <summary>
/// y += S[id], S mostly empty.
/// <b>Shapes</b>: S [V, H], any number of non-zeros. <b>Layout</b>: as <see cref="SparseWeights"/>, by token id.
/// </summary>
public sealed unsafe class SparseRows : EmbeddingRowsWeights
{
    private SparseRows(int vocabulary, int width, in CompressedRows rows)
        : base(vocabulary, width, rows.Bytes, new EmbeddingTable
        {
            Kind = EmbeddingTableKind.Sparse, Type = rows.Type, Count = rows.Count, Values = rows.Values,
            Starts = rows.Starts, Columns = rows.Columns, HasNarrowColumns = rows.HasNarrowColumns,
        })
    {
    }

    public int Count => Table.Count;

    public WeightType Type => Table.Type;

    /// <summary>Packs elements given in any order, as <see cref="SparseWeights.Pack"/> does.</summary>
    public static SparseRows Pack(
        WeightArena arena, int vocabulary, int width, ReadOnlySpan<int> ids, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, WeightType type) =>
        new(vocabulary, width, CompressedRows.Pack(arena, "EmbeddingRows", vocabulary, width, ids, columns, values, type));
}
