namespace AdapterServe.Kernels.Weights;

#pragma warning disable CA1720 // These are the names of types.
/// <summary>How a weight element is held in memory. Arithmetic accumulates in f32 whatever the type.</summary>
public enum WeightType
{
    F32,
    BF16,

    /// <summary>
    /// One bit an element chooses between two values of the matrix, in a low-rank product between plus and minus a number for each rank.
    /// </summary>
    Bit,

    /// <summary>A whole number in [-127, 127] times a number for each rank; low-rank products only.</summary>
    Int8,
}
