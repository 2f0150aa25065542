using System.Collections.Immutable;
using AdapterServe.AdapterStore.Composition;
using AdapterServe.AdapterStore.Composition.Blocks;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>A composition's adapters → what serves which span of the prompt.</summary>
/// <param name="find">What a part means; the path is for messages.</param>
internal sealed class BlockResolver(Func<MixtureRequestPart, string, MixturePart> find)
{
    public ImmutableArray<AdapterSpan> Resolve(MixtureRequest request)
    {
        if (request.Block != BlockKind.Split)
        {
            return [new AdapterSpan(0, null, Block(request, string.Empty))];
        }

        var children = Singles(request, string.Empty);
        return [.. request.Parts.Select((part, index) => new AdapterSpan(part.FromToken, null, new SplitBlock(children, index)))];
    }

    private AdapterBlock Block(MixtureRequest request, string at) => request.Block switch
    {
        BlockKind.Stack => new StackBlock([.. request.Parts.Select((part, index) => part.Block is { } nested ? Block(nested, $"{at}adapters[{index}].") : Single(part, at, index))]),
        BlockKind.Average => new AverageBlock(Singles(request, at), [.. request.Parts.Select(part => part.Weight / request.Parts.Sum(other => other.Weight))]),
        BlockKind.Fuse => new FuseBlock(Singles(request, at), Of(find(new MixtureRequestPart(request.Fusion!, 1, true, 0), at + "fusion"))),
        _ => throw new ArgumentOutOfRangeException(nameof(request)),
    };

    private ImmutableArray<SingleBlock> Singles(MixtureRequest request, string at) => [.. request.Parts.Select((part, index) => Single(part, at, index))];

    private SingleBlock Single(MixtureRequestPart part, string at, int index) => Of(find(part, $"{at}adapters[{index}].name"));

    private static SingleBlock Of(MixturePart part) => new(part.Name, part.Version);
}
