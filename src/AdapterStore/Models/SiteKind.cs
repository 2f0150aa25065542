namespace AdapterServe.AdapterStore.Models;

/// <summary>What stands at a site of the base model.</summary>
public enum SiteKind
{
    Linear,
    Norm,
    Embedding,
    Head,
}
