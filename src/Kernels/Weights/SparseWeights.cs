namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A mostly empty matrix in y += scale * S x.
/// <b>Shapes</b>: S [O, H], any number of non-zeros. <b>Layout</b>: by output row: O + 1 starts (i32), then for each non-zero its value (f32 or bf16)
/// and its column, u16 while H &lt;= 65,536 and i32 beyond; within a row in the order given.
/// </summary>
public sealed unsafe class SparseWeights : FormWeights
{
    private readonly CompressedRows _rows;

    private SparseWeights(int inFeatures, int outFeatures, float scale, in CompressedRows rows, long bytes)
        : base(FormKind.Sparse, inFeatures, outFeatures, bytes)
    {
        Scale = scale;
        _rows = rows;
    }

    /// <summary>Stored elements.</summary>
    public int Count => _rows.Count;

    /// <summary>1 but for what <see cref="Scaled"/> gives.</summary>
    public float Scale { get; }

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
        WeightArena arena, int inFeatures, int outFeatures, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, WeightType type)
    {
        var packed = CompressedRows.Pack(arena, "Sparse", outFeatures, inFeatures, rows, columns, values, type);
        return new SparseWeights(inFeatures, outFeatures, 1, packed, packed.Bytes);
    }

    public override SparseWeights Scaled(float factor) => new(InFeatures, OutFeatures, Scale * factor, _rows, bytes: 0);

    /// <summary>The elements by output row, within a row in the order in which they were packed; bf16 is widened.</summary>
    public (int[] Rows, int[] Columns, float[] Values) Unpack() => _rows.Unpack(OutFeatures);
}
