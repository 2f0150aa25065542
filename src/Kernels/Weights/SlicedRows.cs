namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The non-zeros of a matrix in slices of eight outputs, so that one pass takes an element of each and no sum is folded.
/// <b>Layout</b>: windows of 64 outputs; a window's outputs with elements, the most elements first, are cut into slices of eight. A slice holds as
/// many steps of eight elements as its longest output
/// where that takes at most half as many again as there are elements (the others repeat their last column with 0), else as its shortest, and behind
/// them each output's further elements. Values f32 or bf16, columns u16
/// while there are at most 65,536 and i32 beyond; an output's elements in the order given.
/// <b>Source</b>: ours, after SELL-C-sigma (arXiv:1307.6209).
/// </summary>
internal readonly unsafe struct SlicedRows
{
    public const int Window = 64;
    public const int Width = 8;

    private SlicedRows(WeightArena arena, SlicedRowsPlan plan, int columns, int count, WeightType type)
    {
        (Count, Stored, Windows, Type) = (count, plan.Stored, plan.WindowSlices.Length - 1, type);
        HasNarrowColumns = columns <= CompressedRows.NarrowColumns;
        Values = arena.Allocate((long)Stored * type.ElementBytes());
        Columns = arena.Allocate((long)Stored * (HasNarrowColumns ? sizeof(ushort) : sizeof(int)));
        Slices = (SparseSlice*)Copy<SparseSlice>(arena, plan.Slices);
        WindowSlices = (int*)Copy<int>(arena, plan.WindowSlices);
        Tails = (int*)Copy<int>(arena, plan.Tails);
        Fills = (byte*)Copy<byte>(arena, plan.Fills);
    }

    /// <summary>Elements as given.</summary>
    public int Count { get; }

    /// <summary>Elements held, those that fill slices included.</summary>
    public int Stored { get; }

    public int Windows { get; }

    public WeightType Type { get; }

    public bool HasNarrowColumns { get; }

    public void* Values { get; }

    public void* Columns { get; }

    /// <summary>With one more at the end, whose Start is <see cref="Stored"/>.</summary>
    public SparseSlice* Slices { get; }

    /// <summary>Each window's first slice, and the end.</summary>
    public int* WindowSlices { get; }

    /// <summary>For each slice with further elements the nine ends of its lanes' ranges.</summary>
    public int* Tails { get; }

    /// <summary>How many elements of each lane's steps only fill them.</summary>
    public byte* Fills { get; }

    /// <summary>
    /// Packs elements given in any order. <see cref="WeightType.BF16"/> rounds to nearest.
    /// <b>Errors</b>: <see cref="ArgumentException"/> for an index outside of the matrix or lists of different lengths.
    /// </summary>
    public static SlicedRows Pack(
        WeightArena arena, int rows, int columns, ReadOnlySpan<int> rowIndices, ReadOnlySpan<int> columnIndices, ReadOnlySpan<float> values,
        WeightType type)
    {
        ArgumentNullException.ThrowIfNull(arena);
        CompressedRows.RequireElements("Sparse", rows, columns, rowIndices, columnIndices, values);
        var plan = new SlicedRowsPlan(rows, rowIndices);
        var packed = new SlicedRows(arena, plan, columns, values.Length, type);
        packed.Fill(plan, rowIndices, columnIndices, values);
        return packed;
    }

    /// <summary>The elements by row, within a row in the order in which they were packed; bf16 is widened.</summary>
    public (int[] Rows, int[] Columns, float[] Values) Unpack(int rows)
    {
        var slots = new int[rows];
        Array.Fill(slots, -1);
        for (var window = 0; window < Windows; window++)
        {
            for (var slot = WindowSlices[window] * Width; slot < WindowSlices[window + 1] * Width; slot++)
            {
                if (slot % Width < Slices[slot / Width].Lanes)
                {
                    slots[(window * Window) + Slices[slot / Width].OutputOf(slot % Width)] = slot;
                }
            }
        }

        var (rowIndices, columnIndices, values, next) = (new int[Count], new int[Count], new float[Count], 0);
        for (var row = 0; row < rows; row++)
        {
            for (var k = 0; slots[row] >= 0 && k < LengthOf(slots[row]); k++, next++)
            {
                var at = PlaceOf(slots[row], k);
                rowIndices[next] = row;
                columnIndices[next] = HasNarrowColumns ? ((ushort*)Columns)[at] : ((int*)Columns)[at];
                values[next] = Type == WeightType.F32 ? ((float*)Values)[at] : BF16.ToSingle(((ushort*)Values)[at]);
            }
        }

        return (rowIndices, columnIndices, values);
    }

    private static void* Copy<T>(WeightArena arena, T[] values)
        where T : unmanaged
    {
        var memory = (T*)arena.Allocate((long)values.Length * sizeof(T));
        values.CopyTo(new Span<T>(memory, values.Length));
        return memory;
    }

    private int LengthOf(int slot)
    {
        var slice = Slices[slot / Width];
        var tail = slice.Tails < 0 ? 0 : Tails[slice.Tails + (slot % Width) + 1] - Tails[slice.Tails + (slot % Width)];
        return slice.Steps - Fills[slot] + tail;
    }

    private int PlaceOf(int slot, int element)
    {
        var slice = Slices[slot / Width];
        return element < slice.Steps ? slice.Start + (element * Width) + (slot % Width) : Tails[slice.Tails + (slot % Width)] + element - slice.Steps;
    }

    private void Fill(SlicedRowsPlan plan, ReadOnlySpan<int> rowIndices, ReadOnlySpan<int> columnIndices, ReadOnlySpan<float> values)
    {
        var next = new int[plan.Slots.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var row = rowIndices[i];
            Set(PlaceOf(plan.Slots[row], next[row]++), values[i], columnIndices[i]);
            if (next[row] == plan.Lengths[row])
            {
                for (var k = 0; k < Fills[plan.Slots[row]]; k++)
                {
                    Set(PlaceOf(plan.Slots[row], next[row] + k), 0, columnIndices[i]);
                }
            }
        }
    }

    private void Set(int at, float value, int column)
    {
        if (Type == WeightType.F32)
        {
            ((float*)Values)[at] = value;
        }
        else
        {
            ((ushort*)Values)[at] = BF16.FromSingle(value);
        }

        if (HasNarrowColumns)
        {
            ((ushort*)Columns)[at] = (ushort)column;
        }
        else
        {
            ((int*)Columns)[at] = column;
        }
    }
}
