namespace AdapterServe.Engine.Models.Decoders;

/// <summary>What a feed-forward network applies to its gate, or to its only input.</summary>
internal enum Activation
{
    /// <summary>x · σ(x).</summary>
    Silu,

    /// <summary>x · Φ(x).</summary>
    Gelu,

    /// <summary>Its approximation by tanh.</summary>
    GeluTanh,

    /// <summary>x · σ(1.702 x).</summary>
    QuickGelu,

    Relu,

    /// <summary>max(x, 0)².</summary>
    ReluSquared,
}
