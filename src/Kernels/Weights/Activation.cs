namespace AdapterServe.Kernels.Weights;

/// <summary>The function between a bottleneck's two products.</summary>
public enum Activation
{
    /// <summary>x.</summary>
    Identity,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>max(x, 0)^2.</summary>
    ReluSquared,

    /// <summary>min(max(x, 0), 6).</summary>
    Relu6,

    /// <summary>x, or 0.01 x below zero.</summary>
    LeakyRelu,

    /// <summary>x, or e^x - 1 below zero.</summary>
    Elu,

    /// <summary>x (1 + erf(x / sqrt 2)) / 2.</summary>
    Gelu,

    /// <summary>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.</summary>
    GeluTanh,

    /// <summary>x sigmoid(1.702 x).</summary>
    QuickGelu,

    /// <summary>x sigmoid(x).</summary>
    Silu,

    Sigmoid,

    Tanh,

    /// <summary>x tanh(log(1 + e^x)).</summary>
    Mish,
}
