namespace AdapterServe.Engine.Tokenization.Decoders;

internal sealed class SequenceDecoder(ITokenDecoder[] parts) : ITokenDecoder
{
    public DecoderStage Open(DecoderStage next) => parts.Reverse().Aggregate(next, (following, part) => part.Open(following));
}
