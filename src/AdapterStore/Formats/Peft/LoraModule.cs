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

    /// <summary>The same as <see cref="Weight"/> under PEFT's longer name; files with resized embeddings have both.</summary>
    SavedWeight,

    /// <summary>The weight that a module has apart from the adapter; files with resized embeddings have it beside what takes its place.</summary>
    Original,

    /// <summary>Rows of single tokens before the training.</summary>
    OriginalRows,

    /// <summary>The scale times the rank, in files without a configuration.</summary>
    Alpha,
}

/// <summary>The tensors that the file has for one site.</summary>
internal sealed class LoraModule(Site site)
{
    public Site Site { get; } = site;

    public Dictionary<LoraPart, SafetensorsTensor> Parts { get; } = [];

    /// <summary>A matrix in place of the base's, or a copy of the base's; null where the file has neither.</summary>
    public SafetensorsTensor? Whole => Parts.GetValueOrDefault(LoraPart.Weight) ?? Parts.GetValueOrDefault(LoraPart.BaseCopy);

    /// <summary>
    /// Drops what PEFT itself does not read: of a weight under two names the longer one, of a module that the adapter replaces the original, which where single tokens have
    /// rows of their own is the matrix under them.
    /// </summary>
    public void Settle()
    {
        if (Parts.Remove(LoraPart.SavedWeight, out var saved))
        {
            Parts.TryAdd(LoraPart.Weight, saved);
        }

        var hasRows = Parts.ContainsKey(LoraPart.TokenRows);
        if ((hasRows || Parts.ContainsKey(LoraPart.Weight)) && Parts.Remove(LoraPart.Original, out var original) && hasRows)
        {
            Parts.TryAdd(LoraPart.BaseCopy, original);
        }

        if (hasRows)
        {
            Parts.Remove(LoraPart.OriginalRows);
        }
    }

    public bool IsAdapted => Parts.Keys.Any(part => part is LoraPart.A or LoraPart.B or LoraPart.EmbeddingA or LoraPart.EmbeddingB or LoraPart.Magnitude or LoraPart.BiasB);
}
