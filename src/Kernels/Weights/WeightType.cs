namespace AdapterServe.Kernels.Weights;

/// <summary>How a weight element is held in memory. Arithmetic accumulates in f32 whatever the type.</summary>
public enum WeightType
{
    F32,
    BF16,
}
