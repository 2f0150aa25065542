namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The non-zeros of a matrix, row by row. <b>Layout</b>: rows + 1 starts (i32), then for each non-zero its value (f32 or bf16) and its column, u16 while there are at most
/// 65,536 and i32 beyond; within a row in the order given.
/// </summary>
internal readonly unsafe struct CompressedRows
{
    public const int NarrowColumns = 1 << 16;

    private CompressedRows(WeightArena arena, int rows, int columns, int count, WeightType type)
    {
        (Count, Type, HasNarrowColumns) = (count, type, columns <= NarrowColumns);
        var startBytes = ((long)rows + 1) * sizeof(int);
        var valueBytes = (long)count * type.ElementBytes();
        var columnBytes = (long)count * (HasNarrowColumns ? sizeof(ushort) : sizeof(int));
        Starts = (int*)arena.Allocate(startBytes);
        Values = arena.Allocate(valueBytes);
        Columns = arena.Allocate(columnBytes);
        Bytes = startBytes + valueBytes + columnBytes;
    }

    public int Count { get; }

    public WeightType Type { get; }

    public bool HasNarrowColumns { get; }

    public int* Starts { get; }

    public void* Values { get; }

    public void* Columns { get; }

    public long Bytes { get; }

    /// <summary>
    /// Packs elements given in any order. <see cref="WeightType.BF16"/> rounds to nearest.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for an index outside of the matrix or lists of different lengths.
    /// </summary>
    public static CompressedRows Pack(
        WeightArena arena, string operation, int rows, int columns, ReadOnlySpan<int> rowIndices, ReadOnlySpan<int> columnIndices, ReadOnlySpan<float> values, WeightType type)
    {
        ArgumentNullException.ThrowIfNull(arena);
        RequireElements(operation, rows, columns, rowIndices, columnIndices, values);
        var packed = new CompressedRows(arena, rows, columns, values.Length, type);
        packed.Fill(rows, rowIndices, columnIndices, values);
        return packed;
    }

    /// <summary><b>Errors</b>: <see cref="ArgumentException"/> for an index outside of the matrix or lists of different lengths.</summary>
    public static void RequireElements(
        string operation, int rows, int columns, ReadOnlySpan<int> rowIndices, ReadOnlySpan<int> columnIndices, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        Shape.Require(operation, "row indices", values.Length, rowIndices.Length);
        Shape.Require(operation, "column indices", values.Length, columnIndices.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Shape.RequireRange(operation, "row index", 0, rows, rowIndices[i]);
            Shape.RequireRange(operation, "column index", 0, columns, columnIndices[i]);
        }
    }

    private void Fill(int rows, ReadOnlySpan<int> rowIndices, ReadOnlySpan<int> columnIndices, ReadOnlySpan<float> values)
    {
        foreach (var row in rowIndices)
        {
            Starts[row + 1]++;
        }

        for (var row = 0; row < rows; row++)
        {
            Starts[row + 1] += Starts[row];
        }

        var next = new Span<int>(Starts, rows).ToArray();
        for (var i = 0; i < values.Length; i++)
        {
            var at = next[rowIndices[i]]++;
            SetValue(at, values[i]);
            if (HasNarrowColumns)
            {
                ((ushort*)Columns)[at] = (ushort)columnIndices[i];
            }
            else
            {
                ((int*)Columns)[at] = columnIndices[i];
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
