namespace AdapterServe.Kernels.Weights;

/// <summary>What a dense form does to the base output.</summary>
public enum DenseMode
{
    /// <summary>y = W x.</summary>
    Replace,

    /// <summary>y += W x.</summary>
    Add,
}
