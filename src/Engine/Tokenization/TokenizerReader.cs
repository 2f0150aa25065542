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
    public static TokenizerParts Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new TokenizerException("tokenizer.json must hold an object.");
        }

        var vocabulary = new Vocabulary();
        ITokenizerModel model = ReadModel(json.Required("model"), vocabulary);
        IReadOnlyCollection<AddedToken> added = json.Optional("added_tokens") is { } tokens ? ReadAdded(tokens, vocabulary) : [];
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
    private static Dictionary<int, AddedToken>.ValueCollection ReadAdded(JsonElement json, Vocabulary vocabulary)
    {
        var added = new Dictionary<int, AddedToken>();
        foreach (AddedToken token in json.Items("added_tokens").Select(AddedToken.Read).Where(token => token.Content.Length > 0))
        {
            int id = vocabulary.TryGetId(token.Content, out int known) ? known : token.Id;
            vocabulary.Add(token.Content, id);
            added[id] = token with { Id = id };
        }

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
