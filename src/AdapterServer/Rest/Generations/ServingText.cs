using System.Collections.Immutable;
using AdapterServe.Engine.ChatTemplates;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>How the requests of one model become tokens, and its tokens text.</summary>
/// <param name="Facts">What ids there are, and how many fit.</param>
/// <param name="Tokens">Its tokenizer.</param>
/// <param name="Template">Null for a model that has none.</param>
/// <param name="EndIds">Ids that end an answer besides the base's.</param>
internal sealed record ServingText(ModelFacts Facts, ServingTokens Tokens, ChatTemplate? Template, ImmutableArray<int> EndIds)
{
    /// <summary>Ids of the base's tokenizer that are other tokens here.</summary>
    public ImmutableArray<int> ForeignIds { get; init; } = [];
}
