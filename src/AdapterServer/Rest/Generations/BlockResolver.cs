using System.Collections.Immutable;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Blocks;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>A composition's adapters, resolved → what serves which span of the prompt.</summary>
internal static class BlockResolver
{
    /// <param name="kind">Which composition.</param>
    /// <param name="request">Weights and places.</param>
    /// <param name="parts">In the request's order.</param>
    /// <param name="fusion">Resolves the attention of a fusion.</param>
    public static ImmutableArray<AdapterSpan> Resolve(BlockKind kind, MixtureRequest request, ImmutableArray<MixturePart> parts, Func<MixturePart> fusion)
    {
        ImmutableArray<SingleBlock> children = [.. parts.Select(Single)];
        return kind switch
        {
            BlockKind.Stack => [new AdapterSpan(0, null, new StackBlock([.. children]))],
            BlockKind.Average => [new AdapterSpan(0, null, new AverageBlock(children, [.. parts.Select(part => part.Weight / parts.Sum(other => other.Weight))]))],
            BlockKind.Fuse => [new AdapterSpan(0, null, new FuseBlock(children, Single(fusion())))],
            BlockKind.Split => [.. request.Parts.Select((part, index) => new AdapterSpan(part.FromToken, null, new SplitBlock(children, index)))],
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    private static SingleBlock Single(MixturePart part) => new(part.Name, part.Version);
}
