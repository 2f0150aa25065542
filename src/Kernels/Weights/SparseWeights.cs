namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A mostly empty matrix in y += S x.
/// <b>Shapes</b>: S [O, H], any number of non-zeros. <b>Layout</b>: by output row: O + 1 starts (i32), then for each non-zero its value (f32 or bf16)
/// and its column, u16 while H &lt;= 65,536 and i32 beyond; within a row in the order given.
/// </summary>
public sealed unsafe class SparseWeights : FormWeights
{
    private readonly CompressedRows _rows;

    private SparseWeights(int inFeatures, int outFeatures, in CompressedRows rows)
        : base(FormKind.Sparse, inFeatures, outFeatures, rows.Bytes)
    {
        _rows = rows;
    }

    /// <summary>Stored elements.</summary>
    public int Count => _rows.Count;

    public WeightType Type => _rows.Type;

    internal bool HasNarrowColumns => _rows.HasNarrowColumns;

    internal int* Starts => _rows.Starts;

    internal void* Values => _rows.Values;

    internal void* Columns => _rows.Columns;

    /// <summary>
    /// Packs elements given in any order; equal places add up in the product. <see cref="WeightType.BF16"/> rounds to nearest.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for an index outside of the matrix or lists of different lengths.
    /// </summary>
    public static SparseWeights Pack(
        WeightArena arena, int inFeatures, int outFeatures, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, WeightType type) =>
        new(inFeatures, outFeatures, CompressedRows.Pack(arena, "Sparse", outFeatures, inFeatures, rows, columns, values, type));
}
