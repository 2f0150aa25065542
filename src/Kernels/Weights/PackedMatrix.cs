namespace AdapterServe.Kernels.Weights;

/// <summary>
/// A matrix in one of the kernels' layouts. An element's value is Low + Step * what is stored: 0 and 1 for f32 and bf16, the matrix' two values for
/// bits.
/// </summary>
internal readonly unsafe struct PackedMatrix
{
    private PackedMatrix(void* memory, float low, float step, long bytes)
    {
        Memory = memory;
        Low = low;
        Step = step;
        Bytes = bytes;
    }

    public void* Memory { get; }

    public float Low { get; }

    public float Step { get; }

    public long Bytes { get; }

    /// <summary>As <see cref="Packing.Dot"/>.</summary>
    public static PackedMatrix Dot(WeightArena arena, MatrixParts matrix)
    {
        var elements = Packing.DotElements(matrix.Rows, matrix.Columns);
        switch (matrix)
        {
            case F32Matrix f32:
                var floats = Allocate(arena, elements * sizeof(float));
                Packing.Dot<float, float, Keep<float>>(f32.Values, matrix.Rows, matrix.Columns, (float*)floats.Memory);
                return floats;
            case BF16Matrix bf16:
                var halves = Allocate(arena, elements * sizeof(ushort));
                Packing.Dot<ushort, ushort, Keep<ushort>>(bf16.Values, matrix.Rows, matrix.Columns, (ushort*)halves.Memory);
                return halves;
            case BitMatrix bits:
                var packed = Allocate(arena, elements / 8, bits);
                BitPacking.Dot(bits, (ushort*)packed.Memory);
                return packed;
            default:
                throw new ArgumentOutOfRangeException(nameof(matrix), matrix.GetType().Name, "Unknown matrix.");
        }
    }

    /// <summary>
    /// As <see cref="Packing.Panel"/>, with one more column where there is <paramref name="last"/>: of its values, for bits of ones.
    /// </summary>
    public static PackedMatrix Panel(WeightArena arena, MatrixParts matrix, float[]? last)
    {
        var columns = matrix.Columns + (last is null && matrix.Type != WeightType.Bit ? 0 : 1);
        var elements = Packing.PanelElements(matrix.Rows, columns);
        switch (matrix)
        {
            case F32Matrix f32:
                var floats = Allocate(arena, elements * sizeof(float));
                Packing.Panel<float, float, Keep<float>>(
                    WithLast(f32.Values, matrix.Columns, last), matrix.Rows, columns, (float*)floats.Memory);
                return floats;
            case BF16Matrix bf16:
                var halves = Allocate(arena, elements * sizeof(ushort));
                var wider = WithLast(bf16.Values, matrix.Columns, last is null ? null : Array.ConvertAll(last, BF16.FromSingle));
                Packing.Panel<ushort, ushort, Keep<ushort>>(wider, matrix.Rows, columns, (ushort*)halves.Memory);
                return halves;
            case BitMatrix bits:
                var packed = Allocate(arena, elements / 8, bits);
                BitPacking.PanelAndOnes(bits, (ushort*)packed.Memory);
                return packed;
            default:
                throw new ArgumentOutOfRangeException(nameof(matrix), matrix.GetType().Name, "Unknown matrix.");
        }
    }

    private static PackedMatrix Allocate(WeightArena arena, long bytes) => new(arena.Allocate(bytes), 0, 1, bytes);

    private static PackedMatrix Allocate(WeightArena arena, long bytes, BitMatrix matrix) =>
        new(arena.Allocate(bytes), matrix.Low, matrix.High - matrix.Low, bytes);

    private static T[] WithLast<T>(T[] values, int columns, T[]? last)
    {
        if (last is null)
        {
            return values;
        }

        var wider = new T[checked(last.Length * (columns + 1))];
        for (var row = 0; row < last.Length; row++)
        {
            values.AsSpan(row * columns, columns).CopyTo(wider.AsSpan(row * (columns + 1)));
            wider[(row * (columns + 1)) + columns] = last[row];
        }

        return wider;
    }
}
