namespace AdapterServe.Kernels.Reference;

/// <summary>One factor on one segment's rows of x, in double; the factors of a rotation apply one after another.</summary>
internal static class InputRotation
{
    public static void Apply(Span<double> x, int width, int rowStart, int rowEnd, int blockSize, ReadOnlySpan<float> blocks, ReadOnlySpan<int> order)
    {
        for (var row = rowStart; row < rowEnd; row++)
        {
            var values = x.Slice(row * width, width);
            var before = values.ToArray();
            for (var output = 0; output < width; output++)
            {
                var block = blocks.Length == blockSize * blockSize ? 0 : output / blockSize;
                var sum = 0.0;
                for (var r = 0; r < blockSize; r++)
                {
                    sum += before[Place(order, (output / blockSize * blockSize) + r)] * blocks[(((block * blockSize) + r) * blockSize) + (output % blockSize)];
                }

                values[Place(order, output)] = sum;
            }
        }
    }

    private static int Place(ReadOnlySpan<int> order, int at) => order.IsEmpty ? at : order[at];
}
