using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using AdapterServe.Engine.Tokenization.Normalizers;

namespace AdapterServe.Engine.Tokenization.AddedTokens;

/// <summary>Cuts a text into added tokens and the stretches between them, normalizing the latter. Immutable, thread safe.</summary>
internal sealed class AddedVocabulary
{
    /// <summary>Enough to see what becomes of a text's start.</summary>
    private const int StartCharacters = 64;

    private readonly FrozenDictionary<int, AddedToken> _byId;
    private readonly FrozenDictionary<string, AddedToken> _byText;
    private readonly FrozenDictionary<int, string> _normalizedTexts;
    private readonly AddedTokenMatcher _raw;
    private readonly AddedTokenMatcher _normalized;
    private readonly INormalizer? _normalizer;

    /// <param name="tokens">One for each id.</param>
    /// <param name="normalizer">Null leaves texts as they are.</param>
    public AddedVocabulary(IReadOnlyCollection<AddedToken> tokens, INormalizer? normalizer)
    {
        _normalizer = normalizer;
        _byId = tokens.ToFrozenDictionary(token => token.Id);
        _byText = tokens.DistinctBy(token => token.Content).ToFrozenDictionary(token => token.Content, StringComparer.Ordinal);
        _raw = new AddedTokenMatcher(tokens.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        (string Wanted, AddedToken Token)[] normalized = [.. tokens.Where(token => token.Normalized).Select(token => (Normalize(token.Content), token))];
        _normalized = new AddedTokenMatcher(normalized);
        _normalizedTexts = normalized.Where(item => !item.Token.Special).ToFrozenDictionary(item => item.Token.Id, item => item.Wanted);
        End = tokens.Select(token => token.Id + 1).DefaultIfEmpty().Max();
    }

    /// <summary>One more than the largest id.</summary>
    public int End { get; }

    public IEnumerable<int> Ids => _byId.Keys;

    /// <summary>Characters of all texts.</summary>
    public long Characters => _byId.Values.Sum(token => (long)token.Content.Length);

    /// <summary>These tokens and others, which take the places of those of the same id.</summary>
    public AddedVocabulary With(IReadOnlyCollection<AddedToken> others)
    {
        var all = _byId.ToDictionary();
        foreach (AddedToken token in others)
        {
            all[token.Id] = token;
        }

        return new AddedVocabulary(all.Values, _normalizer);
    }

    public bool TryGet(string text, [NotNullWhen(true)] out AddedToken? token) => _byText.TryGetValue(text, out token);

    public bool TryGet(int id, [NotNullWhen(true)] out AddedToken? token) => _byId.TryGetValue(id, out token);

    /// <summary>
    /// What a decoder gets for a token that is looked for in normalized text: its normalized form, which the decoder turns back. Special tokens stay as they are.
    /// </summary>
    public bool TryGetNormalizedText(int id, [NotNullWhen(true)] out string? text) => _normalizedTexts.TryGetValue(id, out text);

    /// <summary>Calls back in order, with a token's id and no text, or with normalized text and whether the input begins there.</summary>
    public void Split(string text, Action<int> onToken, Action<ReadOnlyMemory<char>, bool> onText) =>
        _raw.Split(text, (start, end, token) =>
        {
            if (token is not null)
            {
                onToken(token.Id);
                return;
            }

            string normalized = Normalize(text[start..end]);
            bool atStart = start == 0 && KeepsStart(text[..Math.Min(end, StartCharacters)]);
            _normalized.Split(normalized, (innerStart, innerEnd, innerToken) =>
            {
                if (innerToken is not null)
                {
                    onToken(innerToken.Id);
                }
                else
                {
                    onText(normalized.AsMemory(innerStart, innerEnd - innerStart), atStart && innerStart == 0);
                }
            });
        });

    private string Normalize(string text) => _normalizer?.Normalize(text) ?? text;

    private bool KeepsStart(string text) => _normalizer?.KeepsStart(text) ?? true;
}
