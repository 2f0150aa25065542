namespace AdapterServe.Kernels.Weights;

/// <summary>A <see cref="RotationFactor"/> as the kernel reads it.</summary>
internal readonly unsafe struct PackedRotation
{
    /// <summary>Inputs, and outputs, of a block.</summary>
    public int BlockSize { get; private init; }

    public int Blocks { get; private init; }

    /// <summary>Floats from one block to the next; 0 where all are the same.</summary>
    public nint BlockStride { get; private init; }

    public float* Values { get; private init; }

    /// <summary>[H], or null.</summary>
    public int* Order { get; private init; }

    public static PackedRotation Of(WeightArena arena, int width, RotationFactor factor)
    {
        var joined = Joined(width, factor.BlockSize);
        var size = factor.BlockSize * joined;
        var isShared = factor.Blocks.Length == factor.BlockSize * factor.BlockSize;
        var stride = (nint)Packing.PanelElements(size, size);
        var stored = isShared ? 1 : width / size;
        var packed = new PackedRotation
        {
            BlockSize = size,
            Blocks = width / size,
            BlockStride = isShared ? 0 : stride,
            Values = (float*)arena.Allocate((long)stored * stride * sizeof(float)),
            Order = factor.Order.IsEmpty ? null : Copy(arena, factor.Order.Span),
        };
        for (var small = 0; small < stored * joined; small++)
        {
            var block = isShared ? factor.Blocks.Span : factor.Blocks.Span.Slice(small * factor.BlockSize * factor.BlockSize, factor.BlockSize * factor.BlockSize);
            Fill(packed.Values + (small / joined * stride), size, block, factor.BlockSize, small % joined * factor.BlockSize);
        }

        return packed;
    }

    private static int Joined(int width, int size)
    {
        var joined = Packing.Lanes / size;
        return joined > 1 && Packing.Lanes % size == 0 && width % Packing.Lanes == 0 ? joined : 1;
    }

    private static int* Copy(WeightArena arena, ReadOnlySpan<int> order)
    {
        var memory = (int*)arena.Allocate((long)order.Length * sizeof(int));
        order.CopyTo(new Span<int>(memory, order.Length));
        return memory;
    }

    /// <summary>Puts a block at (at, at) of a block of <paramref name="size"/>.</summary>
    private static void Fill(float* target, int size, ReadOnlySpan<float> block, int blockSize, int at)
    {
        for (var row = 0; row < blockSize; row++)
        {
            for (var column = 0; column < blockSize; column++)
            {
                var output = at + column;
                var panel = output / Packing.PanelWidth * Packing.PanelWidth;
                target[((nint)panel * size) + ((nint)(at + row) * Packing.WidthAt(panel, size)) + (output - panel)] = block[(row * blockSize) + column];
            }
        }
    }
}
