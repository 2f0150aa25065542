using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using AdapterServe.Engine.Tokenization.Normalizers;

namespace AdapterServe.Engine.Tokenization.AddedTokens;

/// <summary>Cuts a text into added tokens and the stretches between them, normalizing the latter. Immutable, thread safe.</summary>
internal sealed class AddedVocabulary
{
    private readonly FrozenDictionary<int, AddedToken> _byId;
    private readonly FrozenDictionary<string, AddedToken> _byText;
    private readonly AddedTokenMatcher _raw;
    private readonly AddedTokenMatcher _normalized;
    private readonly INormalizer? _normalizer;

    public AddedVocabulary(IReadOnlyList<AddedToken> tokens, INormalizer? normalizer)
    {
        _normalizer = normalizer;
        _byId = tokens.DistinctBy(token => token.Id).ToFrozenDictionary(token => token.Id);
        _byText = tokens.DistinctBy(token => token.Content).ToFrozenDictionary(token => token.Content, StringComparer.Ordinal);
        _raw = new AddedTokenMatcher(tokens.Where(token => !token.Normalized).Select(token => (token.Content, token)));
        _normalized = new AddedTokenMatcher(tokens.Where(token => token.Normalized).Select(token => (Normalize(token.Content), token)));
        End = tokens.Select(token => token.Id + 1).DefaultIfEmpty().Max();
    }

    /// <summary>One more than the largest id.</summary>
    public int End { get; }

    /// <summary>Characters of all texts.</summary>
    public long Characters => _byId.Values.Sum(token => (long)token.Content.Length);

    /// <summary>These tokens and others, which come before those of the same id.</summary>
    public AddedVocabulary With(IReadOnlyCollection<AddedToken> others)
    {
        var ids = others.Select(token => token.Id).ToHashSet();
        return new AddedVocabulary([.. others, .. _byId.Values.Where(token => !ids.Contains(token.Id))], _normalizer);
    }

    public bool TryGet(int id, [NotNullWhen(true)] out AddedToken? token) => _byId.TryGetValue(id, out token);

    public bool TryGet(string text, [NotNullWhen(true)] out AddedToken? token) => _byText.TryGetValue(text, out token);

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
            _normalized.Split(normalized, (innerStart, innerEnd, innerToken) =>
            {
                if (innerToken is not null)
                {
                    onToken(innerToken.Id);
                }
                else
                {
                    onText(normalized.AsMemory(innerStart, innerEnd - innerStart), start == 0 && innerStart == 0);
                }
            });
        });

    private string Normalize(string text) => _normalizer?.Normalize(text) ?? text;
}
