namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A mostly empty matrix in y += scale * S x.
/// <b>Shapes</b>: S [O, H], any number of non-zeros. <b>Layout</b>: <see cref="SlicedRows"/>.
/// </summary>
public sealed unsafe class SparseWeights : FormWeights
{
    private readonly SlicedRows _rows;

    private SparseWeights(int inFeatures, int outFeatures, float scale, in SlicedRows rows, long bytes)
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

    internal ref readonly SlicedRows Rows => ref _rows;

    /// <summary>
    /// Packs elements given in any order; equal places add up in the product. <see cref="WeightType.BF16"/> rounds to nearest.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for an index outside of the matrix or lists of different lengths.
    /// </summary>
    public static SparseWeights Pack(
        WeightArena arena, int inFeatures, int outFeatures, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, WeightType type)
    {
        ArgumentNullException.ThrowIfNull(arena);
        var before = arena.Bytes;
        var packed = SlicedRows.Pack(arena, outFeatures, inFeatures, rows, columns, values, type);
        return new SparseWeights(inFeatures, outFeatures, 1, packed, arena.Bytes - before);
    }

    public override SparseWeights Scaled(float factor) => new(InFeatures, OutFeatures, Scale * factor, _rows, bytes: 0);

    /// <summary>The elements by output row, within a row in the order in which they were packed; bf16 is widened.</summary>
    public (int[] Rows, int[] Columns, float[] Values) Unpack() => _rows.Unpack(OutFeatures);
}
