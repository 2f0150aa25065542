using System.Text.Json;
using AdapterServe.Engine.Tokenization.AddedTokens;
using AdapterServe.Engine.Tokenization.Decoders;
using AdapterServe.Engine.Tokenization.Models;
using AdapterServe.Engine.Tokenization.Normalizers;
using AdapterServe.Engine.Tokenization.PostProcessors;
using AdapterServe.Engine.Tokenization.PreTokenizers;

namespace AdapterServe.Engine.Tokenization;

/// <summary>Resolves the components of a <c>tokenizer.json</c>. <b>Errors</b>: <see cref="TokenizerException"/>; a component of unknown type is named.</summary>
internal static class TokenizerReader
{
    /// <param name="json">The file.</param>
    /// <param name="config">The settings beside it.</param>
    public static TokenizerParts Read(JsonElement json, TokenizerConfig config)
    {
        var vocabulary = new Vocabulary();
        ITokenizerModel model = ReadModel(json.Required("model"), vocabulary);
        IReadOnlyCollection<AddedToken> added = ReadAdded(json.Optional("added_tokens"), config, vocabulary);
        INormalizer? normalizer = json.Optional("normalizer") is { } normalizerJson ? NormalizerReader.Read(normalizerJson) : null;
        return new TokenizerParts(
            vocabulary,
            new AddedVocabulary(added, normalizer),
            json.Optional("pre_tokenizer") is { } preTokenizer ? PreTokenizerReader.Read(preTokenizer) : null,
            model,
            json.Optional("post_processor") is { } postProcessor ? PostProcessorReader.Read(postProcessor) : null,
            json.Optional("decoder") is { } decoder ? DecoderReader.Read(decoder) : new SpaceJoiningDecoder());
    }

    // A text that the model knows keeps the model's id; of two entries for an id the later counts.
    private static Dictionary<int, AddedToken>.ValueCollection ReadAdded(JsonElement? json, TokenizerConfig config, Vocabulary vocabulary)
    {
        var added = new Dictionary<int, AddedToken>();
        IEnumerable<AddedToken> tokens = json?.Items("added_tokens").Select(token => AddedToken.Read(token, token.Required("id").Integer("An added token's id"))) ?? [];
        foreach (AddedToken token in tokens.Where(token => token.Content.Length > 0))
        {
            int id = vocabulary.TryGetId(token.Content, out int known) ? known : token.Id;
            vocabulary.Add(token.Content, id);
            added[id] = token with { Id = id };
        }

        config.ApplyTo(added, text => vocabulary.TryGetId(text, out int id) ? id : null);
        return added.Values;
    }

    // The oldest files leave the type out; only BPE has merges.
    private static ITokenizerModel ReadModel(JsonElement json, Vocabulary vocabulary) => json.OptionalText("type") switch
    {
        "BPE" => BpeReader.Read(json, vocabulary),
        "Unigram" => UnigramReader.Read(json, vocabulary),
        "WordPiece" => WordPieceReader.Read(json, vocabulary),
        "WordLevel" => WordLevelReader.Read(json, vocabulary),
        null when json.Optional("merges") is not null => BpeReader.Read(json, vocabulary),
        var type => throw new TokenizerException($"The tokenizer model \"{type}\" is not supported."),
    };
}
