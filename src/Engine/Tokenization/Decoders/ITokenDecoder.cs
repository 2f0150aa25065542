namespace AdapterServe.Engine.Tokenization.Decoders;

/// <summary>One step from token texts to the final text. Immutable; each decoding opens stages of its own.</summary>
internal interface ITokenDecoder
{
    /// <summary>A stage that hands what it makes to <paramref name="next"/>.</summary>
    DecoderStage Open(DecoderStage next);
}
