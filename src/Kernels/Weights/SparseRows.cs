namespace AdapterServe.Kernels.Weights;

/// <summary>
/// y += scale * S[id], S mostly empty.
/// <b>Shapes</b>: S [V, H], any number of non-zeros. <b>Layout</b>: as <see cref="SparseWeights"/>, by token id.
/// </summary>
public sealed unsafe class SparseRows : EmbeddingRowsWeights
{
    private SparseRows(int vocabulary, int width, long bytes, EmbeddingTable table)
        : base(vocabulary, width, bytes, table)
    {
    }

    public int Count => Table.Count;

    public WeightType Type => Table.Type;

    /// <summary>1 but for what <see cref="Scaled"/> gives.</summary>
    public float Scale => Table.Scale;

    /// <summary>Packs elements given in any order, as <see cref="SparseWeights.Pack"/> does.</summary>
    public static SparseRows Pack(
        WeightArena arena, int vocabulary, int width, ReadOnlySpan<int> ids, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, WeightType type)
    {
        var rows = CompressedRows.Pack(arena, "EmbeddingRows", vocabulary, width, ids, columns, values, type);
        return new SparseRows(vocabulary, width, rows.Bytes, new EmbeddingTable
        {
            Kind = EmbeddingTableKind.Sparse, Type = type, Scale = 1, Count = rows.Count, Values = rows.Values,
            Starts = rows.Starts, Columns = rows.Columns, HasNarrowColumns = rows.HasNarrowColumns,
        });
    }

    public override SparseRows Scaled(float factor) => new(InFeatures, OutFeatures, bytes: 0, Table with { Scale = Scale * factor });
}
