using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using AdapterServe.Engine.Tokenization.AddedTokens;
using AdapterServe.Engine.Tokenization.Decoders;
using AdapterServe.Engine.Tokenization.PostProcessors;

namespace AdapterServe.Engine.Tokenization;

/// <summary>
/// Text ↔ token ids as a <c>tokenizer.json</c> says: normalizer → pre-tokenizer → model → post-processor, and the decoder back.
/// <b>Effects</b>: thread safe once loaded.
/// <b>Source</b>: the file format of huggingface/tokenizers.
/// </summary>
public sealed class Tokenizer
{
    private readonly TokenizerParts _parts;
    private readonly bool _byteLevel;

    private Tokenizer(TokenizerParts parts, SpecialTokens special)
    {
        _parts = parts;
        Special = special;

        // Whether token texts are written in the byte alphabet shows in what the decoder makes of it: U+0120 is the space there.
        _byteLevel = DecodeToken("\u0120") == " ";
    }

    public SpecialTokens Special { get; }

    /// <summary>Whether a text is its tokens' bytes, one after another.</summary>
    internal bool IsByteLevel => _byteLevel;

    /// <summary>One more than the largest id; some ids below may be unknown.</summary>
    public int VocabularySize => Math.Max(_parts.Vocabulary.Size, _parts.Added.End);

    /// <summary>Reads <c>tokenizer.json</c> and its companions. <b>Errors</b>: <see cref="TokenizerException"/>.</summary>
    public static Tokenizer Load(string modelFolder)
    {
        using JsonDocument json = TokenizerJson.OpenObject(Path.Combine(modelFolder, "tokenizer.json"));
        TokenizerConfig config = TokenizerConfig.Read(modelFolder);
        TokenizerParts parts;
        try
        {
            parts = TokenizerReader.Read(json.RootElement, config);
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerException("tokenizer.json holds text that is not valid Unicode.", e);
        }

        return new Tokenizer(parts, SpecialTokensReader.Read(modelFolder, config, parts.Vocabulary));
    }

    /// <summary>This tokenizer with further tokens and other special ones; <paramref name="postProcessor"/> takes the place of the one that there is.</summary>
    internal Tokenizer With(IReadOnlyCollection<AddedToken> added, IPostProcessor? postProcessor, SpecialTokens special) =>
        new(_parts with { Added = _parts.Added.With(added), PostProcessor = postProcessor }, special);

    internal bool Has(AddedToken token) => _parts.Added.TryGet(token.Id, out AddedToken? own) && own == token;

    /// <summary>The ids of <paramref name="other"/>'s tokens that stand for something else here.</summary>
    public IEnumerable<int> Redefined(Tokenizer other) => _parts.Added.Ids.Where(id => other.IsKnown(id) && !(_parts.Added.TryGet(id, out AddedToken? own) && other.Has(own)));

    internal long AddedCharacters => _parts.Added.Characters;

    internal IPostProcessor? PostProcessor => _parts.PostProcessor;

    /// <summary>
    /// The ids of a text. Added tokens that stand in the text (such as <c>&lt;|user|&gt;</c>) become their ids, as Hugging Face's tokenizers do.
    /// <paramref name="addSpecialTokens"/>: also those that the post-processor puts around a text.
    /// <b>Errors</b>: <see cref="TokenizerException"/> where the tokenizer's expression exceeds its time limit.
    /// </summary>
    public int[] Encode(string text, bool addSpecialTokens)
    {
        var ids = new List<int>((text.Length / 3) + 4);
        var words = new List<ReadOnlyMemory<char>>();
        _parts.Added.Split(text, ids.Add, (stretch, atStart) => EncodeStretch(stretch, atStart, words, ids));
        return [.. addSpecialTokens && _parts.PostProcessor is { } postProcessor ? postProcessor.Process(ids) : ids];
    }

    /// <summary>The text of ids; malformed bytes become U+FFFD, unknown ids nothing.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        IncrementalDecoder decoder = CreateDecoder(skipSpecialTokens);
        foreach (int id in ids)
        {
            decoder.Push(id);
        }

        return decoder.Flush();
    }

    /// <param name="skipSpecialTokens">Special tokens have no text.</param>
    /// <param name="shown">But these have.</param>
    public IncrementalDecoder CreateDecoder(bool skipSpecialTokens, ImmutableHashSet<int>? shown = null) => new(this, _parts.Decoder, skipSpecialTokens, shown ?? []);

    /// <summary>An added token that generated text leaves out.</summary>
    public bool IsSpecial(int id) => _parts.Added.TryGet(id, out AddedToken? token) && token.Special;

    public bool IsKnown(int id) => TryGetToken(id, out _);

    /// <summary>The id of a token's exact text as the vocabulary holds it.</summary>
    public bool TryGetId(string token, out int id)
    {
        if (_parts.Added.TryGet(token, out AddedToken? added))
        {
            id = added.Id;
            return true;
        }

        return _parts.Vocabulary.TryGetId(token, out id);
    }

    /// <summary>The decoded text of a token alone, special or not, as log-probabilities show it; empty for unknown ids.</summary>
    public string TokenText(int id) => TryGetToken(id, out string? token) ? DecodeToken(token) : "";

    /// <summary>The bytes that a token contributes to a text, which need not be whole characters; empty for unknown ids.</summary>
    public byte[] TokenBytes(int id)
    {
        if (!TryGetToken(id, out string? token))
        {
            return [];
        }

        if (_byteLevel)
        {
            return ByteLevelDecoder.ToBytes(token);
        }

        return ByteFallbackDecoder.TryByte(token, out byte value) ? [value] : Encoding.UTF8.GetBytes(DecodeToken(token));
    }

    /// <summary>What a decoder gets for an id.</summary>
    internal bool TryGetToken(int id, [NotNullWhen(true)] out string? token) =>
        _parts.Added.TryGetNormalizedText(id, out token) || TryGetText(id, out token);

    /// <summary>A token's text as its file has it.</summary>
    internal bool TryGetText(int id, [NotNullWhen(true)] out string? text)
    {
        if (_parts.Vocabulary.TryGetText(id, out text))
        {
            return true;
        }

        text = _parts.Added.TryGet(id, out AddedToken? added) ? added.Content : null;
        return text is not null;
    }

    private void EncodeStretch(ReadOnlyMemory<char> stretch, bool atStart, List<ReadOnlyMemory<char>> words, List<int> ids)
    {
        words.Clear();
        if (_parts.PreTokenizer is null)
        {
            words.Add(stretch);
        }
        else
        {
            _parts.PreTokenizer.Split(stretch, atStart, words);
        }

        foreach (ReadOnlyMemory<char> word in words)
        {
            _parts.Model.Encode(word.Span, ids);
        }
    }

    private string DecodeToken(string token)
    {
        var text = new CollectingStage();
        DecoderStage first = _parts.Decoder.Open(text);
        first.Text(token);
        first.EndToken();
        first.End();
        return text.Take();
    }
}
