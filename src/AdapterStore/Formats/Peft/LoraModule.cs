using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>What a tensor is to its module.</summary>
internal enum LoraPart
{
    A,
    B,

    /// <summary>DoRA's row norms.</summary>
    Magnitude,

    /// <summary>A bias behind B, scaled with it.</summary>
    BiasB,

    /// <summary>The factors of a LoRA on an embedding.</summary>
    EmbeddingA,
    EmbeddingB,

    /// <summary>Rows of single tokens.</summary>
    TokenRows,

    /// <summary>A bias in place of the base's.</summary>
    Bias,

    /// <summary>A full copy of the weight under the LoRA, as PEFT saves it for a targeted output layer.</summary>
    BaseCopy,

    /// <summary>A full weight that replaces the base's.</summary>
    Weight,

    /// <summary>The scale times the rank, in files without a configuration.</summary>
    Alpha,
}

/// <summary>The tensors that the file has for one site.</summary>
internal sealed class LoraModule(Site site)
{
    public Site Site { get; } = site;

    public Dictionary<LoraPart, SafetensorsTensor> Parts { get; } = [];

    public bool IsAdapted => Parts.Keys.Any(part => part is LoraPart.A or LoraPart.B or LoraPart.EmbeddingA or LoraPart.EmbeddingB or LoraPart.Magnitude or LoraPart.BiasB);
}
