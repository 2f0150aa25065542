using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Vectors;

/// <summary>A PEFT method whose file holds a few tensors for each module that its configuration targets, and no inner width.</summary>
internal interface IPeftVectorKind
{
    /// <summary>As in <c>peft_type</c>.</summary>
    string PeftType { get; }

    /// <summary>The name that clients see.</summary>
    string Kind { get; }

    /// <summary>Every form that it may be lowered to, by the descriptor's names; for the documentation.</summary>
    string Forms => string.Empty;

    /// <summary>What its files need, for the documentation.</summary>
    string Note => string.Empty;

    /// <summary>What stands behind the module's path in the names of its tensors, each of which every module has.</summary>
    IReadOnlyList<string> Suffixes { get; }

    /// <summary>Configuration keys that only this method has and that are read or have no effect on inference.</summary>
    IReadOnlyList<string> Options { get; }

    bool ActsOn(SiteKind kind);

    /// <param name="site">Where.</param>
    /// <param name="tensors">The module's tensors in the order of <see cref="Suffixes"/>.</param>
    SiteTensors Place(Site site, IReadOnlyList<SafetensorsTensor> tensors);
}
