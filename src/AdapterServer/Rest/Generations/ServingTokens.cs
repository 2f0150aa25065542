using System.Collections.Immutable;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Options;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.AdapterServer.Rest.Generations;

/// <summary>Text to tokens and back, as requests need it. Thread safe.</summary>
internal sealed class ServingTokens
{
    private readonly Tokenizer _tokenizer;
    private readonly ModelFacts _facts;
    private readonly int _longestTokenBytes;

    public ServingTokens(Tokenizer tokenizer, ModelFacts facts)
        : this(tokenizer, facts, new TokenLabels(tokenizer), LongestToken(tokenizer, Enumerable.Range(0, tokenizer.VocabularySize)))
    {
    }

    private ServingTokens(Tokenizer tokenizer, ModelFacts facts, TokenLabels labels, int longestTokenBytes) =>
        (_tokenizer, _facts, Labels, _longestTokenBytes) = (tokenizer, facts, labels, longestTokenBytes);

    public TokenLabels Labels { get; }

    /// <summary>The same for a tokenizer that knows more tokens than this one.</summary>
    public ServingTokens Over(Tokenizer tokenizer, ModelFacts facts)
    {
        int[] added = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => tokenizer.IsKnown(id) && !_tokenizer.IsKnown(id))];
        return new ServingTokens(tokenizer, facts, new TokenLabels(tokenizer, Labels, added), Math.Max(_longestTokenBytes, LongestToken(tokenizer, added)));
    }

    public IncrementalDecoder CreateDecoder(bool skipSpecialTokens, ImmutableHashSet<int> shown) => _tokenizer.CreateDecoder(skipSpecialTokens, shown);

    /// <summary>The ids of those that are tokens.</summary>
    public ImmutableHashSet<int> IdsOf(IEnumerable<string> tokens) => [.. tokens.Select(token => _tokenizer.TryGetId(token, out var id) ? id : -1).Where(id => id >= 0)];

    /// <summary>A prompt of text. <b>Errors</b>: 400 for one that is empty or certainly longer than the context.</summary>
    public PreparedPrompt PrepareText(string text, bool addSpecialTokens, string param)
    {
        // A megabyte for a context of a thousand tokens isn't worth tokenizing. Four times: normalisers may shorten text.
        if (text.Length > 4L * (_facts.ContextTokens + 1) * Math.Max(_longestTokenBytes, 1))
        {
            throw new ApiException(400, ErrorCodes.ContextLengthExceeded, $"The prompt has {text.Length} characters, which can't be at most {_facts.ContextTokens} tokens.", param);
        }

        var ids = Encode(text, addSpecialTokens, param);
        return ids.Length > 0 ? new PreparedPrompt(ids, text, addSpecialTokens ? AddedBefore(text, ids) : 0) : throw ApiException.Invalid(param, $"'{param}' is empty.");
    }

    /// <summary>A prompt of ids.</summary>
    public PreparedPrompt PrepareIds(int[] ids) => new(ids, _tokenizer.Decode(ids, skipSpecialTokens: true));

    /// <summary>The ids of any text. <b>Errors</b>: 400 for more characters than one call may tokenize, or a text that the tokenizer gives up on.</summary>
    public int[] Encode(string text, bool addSpecialTokens, string param)
    {
        if (text.Length > RequestLimits.TokenizeCharacters)
        {
            throw new ApiException(400, ErrorCodes.TextTooLong, $"'{param}' has {text.Length} characters, more than the {RequestLimits.TokenizeCharacters} that one call tokenizes.", param);
        }

        try
        {
            return _tokenizer.Encode(text, addSpecialTokens);
        }
        catch (TokenizerException e)
        {
            throw ApiException.Invalid(param, e.Message);
        }
    }

    public string Decode(int[] ids) => _tokenizer.Decode(ids, skipSpecialTokens: false);

    /// <summary>Where in <see cref="PreparedPrompt.Text"/> the text of each of the prompt's tokens begins.</summary>
    public int[] PromptOffsets(PreparedPrompt prompt)
    {
        var offsets = new int[prompt.Ids.Length];
        // Ids that came as ids were decoded without special tokens; a text prompt keeps those that the client wrote.
        var decoder = _tokenizer.CreateDecoder(skipSpecialTokens: _tokenizer.Decode(prompt.Ids, skipSpecialTokens: true) == prompt.Text);
        var length = 0;
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = Math.Min(length, prompt.Text.Length);
            length += i < prompt.Added ? 0 : decoder.Append(prompt.Ids[i]).Length;
        }

        return offsets;
    }

    private static int LongestToken(Tokenizer tokenizer, IEnumerable<int> ids) => ids.Select(id => tokenizer.TokenBytes(id).Length).DefaultIfEmpty().Max();

    /// <summary>How many of the ids the tokenizer put before those of the text itself.</summary>
    private int AddedBefore(string text, int[] ids)
    {
        var plain = _tokenizer.Encode(text, addSpecialTokens: false);
        for (var start = 0; start <= ids.Length - plain.Length; start++)
        {
            if (ids.AsSpan(start, plain.Length).SequenceEqual(plain))
            {
                return start;
            }
        }

        return 0;
    }
}
