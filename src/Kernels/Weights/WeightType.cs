namespace AdapterServe.Kernels.Weights;

/// <summary>How a weight element is held in memory. Arithmetic accumulates in f32 whatever the type.</summary>
public enum WeightType
{
    F32,
    BF16,

    /// <summary>One bit an element chooses between two values of the matrix; bottlenecks only.</summary>
    Bit,
}
