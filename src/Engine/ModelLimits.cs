using System.Collections.Immutable;

namespace AdapterServe.Engine;

/// <summary>What a request must respect.</summary>
/// <param name="SequenceTokens">Most tokens a sequence may have, prompt and generated together: the model's context, or what the block pool holds if that is less.</param>
/// <param name="VocabularySize">Token ids are [0, this), and where an adapter acts that adds tokens so many more.</param>
/// <param name="EndIds">The ids with which the model ends an answer.</param>
public sealed record ModelLimits(int SequenceTokens, int VocabularySize, ImmutableArray<int> EndIds)
{
    /// <summary>Components of a hidden state, and so of an embedding.</summary>
    public int HiddenSize { get; init; }

    /// <summary>Null where the length of a sequence does not change its rotation.</summary>
    public LongRotation? LongRotation { get; init; }
}
