namespace AdapterServe.AdapterStore.Models;

/// <summary>What a base's norms compute.</summary>
public enum NormKind
{
    /// <summary>w · x / √(mean x² + ε).</summary>
    Rms,

    /// <summary>The same with 1 + w.</summary>
    RmsPlusOne,

    /// <summary>w · (x − mean x) / √(var x + ε) + b.</summary>
    Layer,
}
