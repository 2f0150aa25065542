namespace AdapterServe.Kernels.Weights;

/// <summary>Rows of numbers that are copied as they are: prefix keys and values, soft prompts. <b>Layout</b>: f32, row-major, in the arena.</summary>
public sealed unsafe class RowTable
{
    private readonly float* _values;

    private RowTable(int rows, int width, float* values)
    {
        (Rows, Width) = (rows, width);
        _values = values;
    }

    public int Rows { get; }

    public int Width { get; }

    public static RowTable Pack(WeightArena arena, int rows, int width, ReadOnlySpan<float> values)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        var elements = checked(rows * width);
        Shape.Require("RowTable", "values", elements, values.Length);
        var memory = (float*)arena.Allocate((long)elements * sizeof(float));
        values.CopyTo(new Span<float>(memory, elements));
        return new RowTable(rows, width, memory);
    }

    /// <summary>[Width]; valid as long as the arena.</summary>
    public ReadOnlySpan<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows);
        return new ReadOnlySpan<float>(_values + ((nint)row * Width), Width);
    }
}
