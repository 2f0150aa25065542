namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A mostly empty matrix in y += scale * S x.
/// <b>Shapes</b>: S [O, H], any number of non-zeros. <b>Layout</b>: by output row: O + 1 starts (i32), then for each non-zero its value (f32 or bf16)
/// and its column, u16 while H &lt;= 65,536 and i32 beyond; within a row in the order given.
/// </summary>
public sealed unsafe class SparseWeights : FormWeights
{
    private const int NarrowColumns = 1 << 16;

    private SparseWeights(int inFeatures, int outFeatures, int count, float scale, WeightType type, int* starts, void* values, void* columns, long bytes)
        : base(FormKind.Sparse, inFeatures, outFeatures, bytes)
    {
        Count = count;
        Scale = scale;
        Type = type;
        Starts = starts;
        Values = values;
        Columns = columns;
    }

    /// <summary>Stored elements.</summary>
    public int Count { get; }

    /// <summary>1 but for what <see cref="Scaled"/> gives.</summary>
    public float Scale { get; }

    public WeightType Type { get; }

    internal bool HasNarrowColumns => InFeatures <= NarrowColumns;

    internal int* Starts { get; }

    internal void* Values { get; }

    internal void* Columns { get; }

    /// <summary>
    /// Packs elements given in any order; equal places add up in the product. <see cref="WeightType.BF16"/> rounds to nearest.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for an index outside of the matrix or lists of different lengths.
    /// </summary>
    public static SparseWeights Pack(
        WeightArena arena, int inFeatures, int outFeatures, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values, WeightType type)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        Shape.Require("Sparse", "row indices", values.Length, rows.Length);
        Shape.Require("Sparse", "column indices", values.Length, columns.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Shape.RequireRange("Sparse", "row index", 0, outFeatures, rows[i]);
            Shape.RequireRange("Sparse", "column index", 0, inFeatures, columns[i]);
        }

        var weights = Allocate(arena, inFeatures, outFeatures, values.Length, type);
        weights.Fill(rows, columns, values);
        return weights;
    }

    public override SparseWeights Scaled(float factor) => new(InFeatures, OutFeatures, Count, Scale * factor, Type, Starts, Values, Columns, bytes: 0);

    /// <summary>The elements by output row, within a row in the order in which they were packed; bf16 is widened.</summary>
    public (int[] Rows, int[] Columns, float[] Values) Unpack()
    {
        var (rows, columns, values) = (new int[Count], new int[Count], new float[Count]);
        for (var row = 0; row < OutFeatures; row++)
        {
            for (var at = Starts[row]; at < Starts[row + 1]; at++)
            {
                rows[at] = row;
                columns[at] = HasNarrowColumns ? ((ushort*)Columns)[at] : ((int*)Columns)[at];
                values[at] = Type == WeightType.F32 ? ((float*)Values)[at] : BF16.ToSingle(((ushort*)Values)[at]);
            }
        }

        return (rows, columns, values);
    }

    private static SparseWeights Allocate(WeightArena arena, int inFeatures, int outFeatures, int count, WeightType type)
    {
        var startBytes = ((long)outFeatures + 1) * sizeof(int);
        var valueBytes = (long)count * type.ElementBytes();
        var columnBytes = (long)count * (inFeatures <= NarrowColumns ? sizeof(ushort) : sizeof(int));
        return new SparseWeights(
            inFeatures, outFeatures, count, 1, type, (int*)arena.Allocate(startBytes), arena.Allocate(valueBytes), arena.Allocate(columnBytes), startBytes + valueBytes + columnBytes);
    }

    private void Fill(ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, ReadOnlySpan<float> values)
    {
        foreach (var row in rows)
        {
            Starts[row + 1]++;
        }

        for (var row = 0; row < OutFeatures; row++)
        {
            Starts[row + 1] += Starts[row];
        }

        var next = new Span<int>(Starts, OutFeatures).ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            var at = next[rows[i]]++;
            SetValue(at, values[i]);
            if (HasNarrowColumns)
            {
                ((ushort*)Columns)[at] = (ushort)columns[i];
            }
            else
            {
                ((int*)Columns)[at] = columns[i];
            }
        }
    }

    private void SetValue(int at, float value)
    {
        if (Type == WeightType.F32)
        {
            ((float*)Values)[at] = value;
        }
        else
        {
            ((ushort*)Values)[at] = BF16.FromSingle(value);
        }
    }
}
