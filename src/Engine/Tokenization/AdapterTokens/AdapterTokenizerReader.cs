using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using AdapterServe.Engine.Tokenization.AddedTokens;
using AdapterServe.Engine.Tokenization.PostProcessors;

namespace AdapterServe.Engine.Tokenization.AdapterTokens;

/// <summary>
/// The tokenizer of an adapter's folder: the base's and the tokens that were added to it, from <c>tokenizer.json</c>, else <c>tokenizer_config.json</c>
/// (<c>added_tokens_decoder</c>), else <c>added_tokens.json</c>; special ones from <c>tokenizer_config.json</c>.
/// <b>Effects</b>: thread safe; holds little more than the added tokens.
/// <b>Errors</b>: <see cref="TokenizerException"/> for a tokenizer that is another one than the base's, and for malformed files.
/// </summary>
public sealed class AdapterTokenizerReader
{
    private const string TokenizerFile = "tokenizer.json";
    private const string ConfigFile = "tokenizer_config.json";
    private const string AddedFile = "added_tokens.json";
    private const string MapFile = "special_tokens_map.json";

    /// <summary>Characters of all added tokens; they are kept in a tree of characters.</summary>
    private const int MaxCharacters = 1 << 17;

    private readonly Tokenizer _base;
    private readonly long _maxFileBytes;
    private readonly Lazy<ImmutableSortedDictionary<string, string>> _digest;

    /// <param name="baseTokenizer">The base's.</param>
    /// <param name="modelFolder">Where it was read from.</param>
    public AdapterTokenizerReader(Tokenizer baseTokenizer, string modelFolder)
    {
        string path = Path.Combine(modelFolder, TokenizerFile);
        _base = baseTokenizer;
        _maxFileBytes = (4 * new FileInfo(path).Length) + (1 << 20);
        _digest = new(() => ReadFile(path, TokenizerDigest.Of));
    }

    /// <summary>Null where the folder says nothing that the base's tokenizer does not say.</summary>
    /// <param name="folder">The adapter's files.</param>
    /// <param name="vocabularySize">Ids are below this.</param>
    public Tokenizer? Read(string folder, int vocabularySize)
    {
        foreach (string name in (string[])[TokenizerFile, ConfigFile, AddedFile, MapFile])
        {
            RequireSize(Path.Combine(folder, name));
        }

        (IReadOnlyCollection<AddedToken> listed, IPostProcessor? postProcessor) = ReadParts(folder);
        var config = TokenizerConfig.Read(folder);
        Dictionary<int, AddedToken> byId = listed.DistinctBy(token => token.Id).ToDictionary(token => token.Id);
        int? IdOf(string text) => listed.FirstOrDefault(token => token.Content == text)?.Id ?? (_base.TryGetId(text, out int id) ? id : null);
        config.ApplyTo(byId, IdOf);
        IReadOnlyCollection<AddedToken> tokens = byId.Values;
        foreach (AddedToken token in listed.Concat(tokens))
        {
            RequirePlace(token, vocabularySize);
        }

        if (tokens.Sum(token => (long)token.Content.Length) > MaxCharacters)
        {
            throw new TokenizerException($"The adapter's tokens have more than {MaxCharacters} characters.");
        }

        SpecialTokens special = SpecialTokensReader.Over(_base.Special, config, IdOf);
        bool addsNothing = tokens.All(_base.Has) && ReferenceEquals(postProcessor, _base.PostProcessor) && special.Texts.SequenceEqual(_base.Special.Texts);
        return addsNothing ? null : _base.With(tokens, postProcessor, special);
    }

    private (IReadOnlyCollection<AddedToken> Tokens, IPostProcessor? PostProcessor) ReadParts(string folder)
    {
        if (File.Exists(Path.Combine(folder, TokenizerFile)))
        {
            return ReadFile(Path.Combine(folder, TokenizerFile), OfTokenizer);
        }

        AddedToken[] tokens = File.Exists(Path.Combine(folder, ConfigFile)) ? ReadFile(Path.Combine(folder, ConfigFile), OfConfig) : [];
        return (tokens.Length == 0 && File.Exists(Path.Combine(folder, AddedFile)) ? ReadFile(Path.Combine(folder, AddedFile), OfAddedFile) : tokens, _base.PostProcessor);
    }

    private (IReadOnlyCollection<AddedToken>, IPostProcessor?) OfTokenizer(JsonElement json)
    {
        ImmutableSortedDictionary<string, string> own = TokenizerDigest.Of(RequireObject(json, TokenizerFile));
        string? different = TokenizerDigest.Identity.FirstOrDefault(section => own[section] != _digest.Value[section]);
        if (different is not null)
        {
            throw new TokenizerException(
                $"The adapter's tokenizer.json is not the base's with added tokens: its \"{different}\" is another one. Leave the tokenizer's files out to have the base's used.");
        }

        AddedToken[] tokens = json.Optional("added_tokens") is { } added ? [.. added.Items("added_tokens").Select(token => AddedToken.Read(token, token.Required("id").Integer("An added token's id")))] : [];
        if (own[TokenizerDigest.PostProcessor] == _digest.Value[TokenizerDigest.PostProcessor])
        {
            return (tokens, _base.PostProcessor);
        }

        return (tokens, json.Optional(TokenizerDigest.PostProcessor) is { } postProcessor ? PostProcessorReader.Read(postProcessor) : null);
    }

    private static AddedToken[] OfConfig(JsonElement json) => RequireObject(json, ConfigFile).Optional("added_tokens_decoder") is { } tokens
        ? [.. tokens.Members("added_tokens_decoder").Select(member => AddedToken.Read(member.Value, KeyOf(member.Name)))]
        : [];

    private static AddedToken[] OfAddedFile(JsonElement json) =>
        [.. json.Members(AddedFile).Select(member => new AddedToken { Content = member.Name, Id = member.Value.Integer("An added token's id"), Normalized = true })];

    private static int KeyOf(string name) =>
        int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : throw new TokenizerException("A key of added_tokens_decoder is no id.");

    private void RequirePlace(AddedToken token, int vocabularySize)
    {
        if (token.Id < 0 || token.Id >= vocabularySize)
        {
            throw new TokenizerException(
                $"The adapter's tokenizer has a token with the id {token.Id}, and base and adapter together have embeddings for {vocabularySize} tokens.");
        }

        if (_base.TryGetText(token.Id, out string? text) && text != token.Content)
        {
            throw new TokenizerException($"The adapter's tokenizer gives the token {token.Id} another text than the base's.");
        }
    }

    private static JsonElement RequireObject(JsonElement json, string file) =>
        json.ValueKind == JsonValueKind.Object ? json : throw new TokenizerException($"{file} must hold an object.");

    private void RequireSize(string path)
    {
        if (File.Exists(path) && new FileInfo(path).Length > _maxFileBytes)
        {
            throw new TokenizerException($"{Path.GetFileName(path)} is larger than {_maxFileBytes} bytes, four times the base's tokenizer.json.");
        }
    }

    private static T ReadFile<T>(string path, Func<JsonElement, T> read)
    {
        using JsonDocument json = TokenizerJson.Open(path);
        try
        {
            return read(json.RootElement);
        }
        catch (InvalidOperationException e)
        {
            throw new TokenizerException($"{Path.GetFileName(path)} holds text that is not valid Unicode.", e);
        }
    }
}
