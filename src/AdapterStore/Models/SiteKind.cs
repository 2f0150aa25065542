namespace AdapterServe.AdapterStore.Models;

/// <summary>What stands at a site of the base model.</summary>
public enum SiteKind
{
    Linear,
    Norm,
    Embedding,
    Head,

    /// <summary>The output of a layer's attention or feed-forward network, before it is added to the residual stream.</summary>
    Sublayer,
}
