namespace AdapterServe.Kernels.Weights;

/// <summary>
/// The kernel forms that every adapter kind is lowered to, in the order in which a site applies them
/// to its base output y0 = W x + b.
/// </summary>
public enum FormKind
{
    /// <summary>x += attention to keys and values of the adapter's own, behind the base's attention.</summary>
    AttentionPrompt,

    /// <summary>x = s * x, element by element, before the base's product.</summary>
    InputScale,

    /// <summary>x = R x, R a product of permuted block-diagonal matrices, before the base's product.</summary>
    InputRotation,

    /// <summary>y = w * x / sqrt(mean(x^2) + epsilon) in place of the base's norm, or added to it.</summary>
    RmsNorm,

    /// <summary>At the embedding: y = R[id], or y += B A[:, id], or y += S[id].</summary>
    EmbeddingRows,

    /// <summary>y = W' x in place of the base's product, or y += dW x.</summary>
    Dense,

    /// <summary>y += B (A y), on what the forms before it have left.</summary>
    OutputLowRank,

    /// <summary>y += B (A x), or y += B (w * (A x)) with a gate over the ranks.</summary>
    LowRank,

    /// <summary>y += S x, S mostly zero.</summary>
    Sparse,

    /// <summary>y = g * y, element by element.</summary>
    OutputScale,

    /// <summary>Each pair of outputs is turned and scaled: y = c * y + s * (the other of the pair).</summary>
    OutputRotation,

    /// <summary>y += c.</summary>
    OutputBias,

    /// <summary>y += U f(D h), h the site's input, its output or both, with norms, biases, slices and a convolution where an adapter has them.</summary>
    Bottleneck,

    /// <summary>y = carry y + sum p_i b_i, several bottlenecks over the same rows, weighted by fixed numbers or by attention.</summary>
    Mixture,
}
