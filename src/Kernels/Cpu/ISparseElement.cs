namespace AdapterServe.Kernels.Cpu;

/// <summary>How the value and the column of a stored element are read.</summary>
internal unsafe interface ISparseElement
{
    static abstract float Value(void* values, nint at);

    static abstract nint Column(void* columns, nint at);
}

internal readonly unsafe struct F32Narrow : ISparseElement
{
    public static float Value(void* values, nint at) => ((float*)values)[at];

    public static nint Column(void* columns, nint at) => ((ushort*)columns)[at];
}

internal readonly unsafe struct F32Wide : ISparseElement
{
    public static float Value(void* values, nint at) => ((float*)values)[at];

    public static nint Column(void* columns, nint at) => ((int*)columns)[at];
}

internal readonly unsafe struct BF16Narrow : ISparseElement
{
    public static float Value(void* values, nint at) => Weights.BF16.ToSingle(((ushort*)values)[at]);

    public static nint Column(void* columns, nint at) => ((ushort*)columns)[at];
}

internal readonly unsafe struct BF16Wide : ISparseElement
{
    public static float Value(void* values, nint at) => Weights.BF16.ToSingle(((ushort*)values)[at]);

    public static nint Column(void* columns, nint at) => ((int*)columns)[at];
}
