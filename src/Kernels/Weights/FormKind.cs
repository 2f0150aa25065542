namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The kernel forms that every adapter kind is lowered to, in the order in which a site applies them
/// to its base output y0 = W x + b.
/// </summary>
public enum FormKind
{
    /// <summary>y = W' x in place of the base's product, or y += dW x.</summary>
    Dense,

    /// <summary>y += B (A x).</summary>
    LowRank,
}
