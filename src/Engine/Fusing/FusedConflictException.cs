namespace AdapterServe.Engine.Fusing;

/// <summary>A request that can't be computed with what the base's weights hold.</summary>
/// <param name="target">What they hold.</param>
public sealed class FusedConflictException(FusedTarget target) : Exception(Sentence(target))
{
    public FusedTarget Target { get; } = target;

    private static string Sentence(FusedTarget target) => target.IsBroken
        ? $"Taking the adapter '{target.Version.Name}' out of the base's weights failed, so nothing can be served; unfuse it once more."
        : $"The adapter '{target.Version.Name}@{target.Version.Number}' is fused into the base, so only requests for it alone are served; "
            + "unfuse it to serve the base and the other adapters.";
}
