using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.Engine.Fusing;

/// <summary>What the weights of the base hold for requests that arrive now.</summary>
/// <param name="Version">The adapter.</param>
public sealed record FusedTarget(AdapterVersion Version)
{
    /// <summary>Whether taking the adapter out failed, so that nothing can be served until that is tried again.</summary>
    public bool IsBroken { get; init; }

    public string Digest => Version.WeightsDigest;
}
