namespace AdapterServe.Engine.Models.Decoders;

/// <summary>
/// A layer. <b>Semantics</b>: h += OutputNorm(Attention(InputNorm(h))), then the same with the feed-forward network; an absent output norm is the identity.
/// </summary>
internal sealed record DecoderLayer
{
    public required Norm AttentionInputNorm { get; init; }

    public required AttentionLayer Attention { get; init; }

    public Norm? AttentionOutputNorm { get; init; }

    public required Norm FeedForwardInputNorm { get; init; }

    public required FeedForwardLayer FeedForward { get; init; }

    public Norm? FeedForwardOutputNorm { get; init; }
}
