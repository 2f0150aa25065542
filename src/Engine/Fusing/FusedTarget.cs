namespace AdapterServe.Engine.Fusing;

/// <summary>What the weights of the base hold for requests that arrive now.</summary>
/// <param name="Name">The adapter, for messages.</param>
/// <param name="Digest">That of its weights.</param>
public sealed record FusedTarget(string Name, string Digest)
{
    /// <summary>Whether taking the adapter out failed, so that nothing can be served until that is tried again.</summary>
    public bool IsBroken { get; init; }
}
