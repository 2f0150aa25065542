namespace AdapterServe.Kernels.Weights;

/// <summary>Checks at the boundary; the message names operation, argument, expected and got.</summary>
internal static class Shape
{
    public static void Require(string operation, string argument, long expected, long got)
    {
        if (expected != got)
        {
            throw new ArgumentException($"{operation}: {argument} must be {expected}, got {got}.");
        }
    }

    public static void RequireRange(string operation, string argument, long from, long to, long got)
    {
        if (got < from || got >= to)
        {
            throw new ArgumentException($"{operation}: {argument} must be in [{from}, {to}), got {got}.");
        }
    }

    /// <summary>Of so many elements, whole groups of sixteen.</summary>
    public static long BytesOf(this WeightType type, long elements) => type == WeightType.Bit ? elements / 8 : elements * type.ElementBytes();

    public static int ElementBytes(this WeightType type) => type switch
    {
        WeightType.Int8 => sizeof(sbyte),
        WeightType.F32 => sizeof(float),
        WeightType.BF16 => sizeof(ushort),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Unknown weight type."),
    };
}
