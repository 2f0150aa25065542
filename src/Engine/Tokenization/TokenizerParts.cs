using AdapterServe.Engine.Tokenization.AddedTokens;
using AdapterServe.Engine.Tokenization.Decoders;
using AdapterServe.Engine.Tokenization.Models;
using AdapterServe.Engine.Tokenization.PostProcessors;
using AdapterServe.Engine.Tokenization.PreTokenizers;

namespace AdapterServe.Engine.Tokenization;

/// <summary>The components of a <c>tokenizer.json</c>, in the order in which a text passes them.</summary>
/// <param name="Vocabulary">The model's tokens and the added ones.</param>
/// <param name="Added">Cuts out added tokens; normalizes the rest.</param>
/// <param name="PreTokenizer">Splits into words; null leaves a text whole.</param>
/// <param name="Model">Encodes a word.</param>
/// <param name="PostProcessor">Adds special tokens; null adds none.</param>
/// <param name="Decoder">Token texts → text.</param>
internal sealed record TokenizerParts(
    Vocabulary Vocabulary,
    AddedVocabulary Added,
    IPreTokenizer? PreTokenizer,
    ITokenizerModel Model,
    IPostProcessor? PostProcessor,
    ITokenDecoder Decoder);
