namespace AdapterServe.Kernels.Weights;

/// <summary>Up to eight outputs of a <see cref="SlicedRows"/> whose elements stand side by side.</summary>
internal struct SparseSlice
{
    /// <summary>Its first element: step k of lane l is at Start + 8 k + l.</summary>
    public int Start;

    /// <summary>Elements that every lane has, those without a value of their own included.</summary>
    public int Steps;

    /// <summary>Where the ranges of its lanes' further elements begin among all ranges; negative where there are none.</summary>
    public int Tails;

    /// <summary>How many of its lanes are outputs.</summary>
    public int Lanes;

    /// <summary>
    /// Each lane's output in its window, a byte each, the first one the lowest; <see cref="SlicedRows.Window"/> for a lane that is none.
    /// </summary>
    public ulong Order;

    public readonly int OutputOf(int lane) => (byte)(Order >> (8 * lane));
}
