using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Blocks;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>What acts from a prompt token on, until the next span or the end of the answer.</summary>
/// <param name="FromToken">0 for the first span.</param>
/// <param name="Mixture">Null for the base and for a composition.</param>
/// <param name="Block">A composition, or null.</param>
internal sealed record AdapterSpan(int FromToken, AdapterMixture? Mixture, AdapterBlock? Block = null)
{
    /// <summary>How many tokens there are behind the base's vocabulary.</summary>
    public int AddedTokens => Mixture?.Parts.Max(part => part.Version.AddedTokens) ?? 0;
}
