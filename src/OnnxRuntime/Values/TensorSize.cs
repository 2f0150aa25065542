namespace AdapterServe.OnnxRuntime.Values;

/// <summary>Byte counts of tensors, with overflow and negative dimensions refused by <see cref="ArgumentException"/>.</summary>
public static class TensorSize
{
    public static long Bytes(ElementType type, ReadOnlySpan<long> shape) => BytesOf(type, Elements(shape));

    internal static long Elements(ReadOnlySpan<long> shape)
    {
        var count = 1L;
        foreach (var dimension in shape)
        {
            if (dimension < 0 || (dimension != 0 && count > long.MaxValue / 16 / dimension))
            {
                throw new ArgumentException($"A tensor can't have the shape [{string.Join(", ", shape.ToArray())}].", nameof(shape));
            }

            count *= dimension;
        }

        return count;
    }

    private static long BytesOf(ElementType type, long elements) => type switch
    {
        ElementType.UInt4 or ElementType.Int4 => (elements + 1) / 2,
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool => elements,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => elements * 2,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => elements * 4,
        ElementType.Int64 or ElementType.UInt64 or ElementType.Float64 => elements * 8,
        _ => throw new ArgumentException($"Element type {type} has no fixed size.", nameof(type)),
    };
}
