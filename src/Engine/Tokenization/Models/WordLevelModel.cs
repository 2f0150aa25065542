namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>Every word is a token, or the unknown one.</summary>
internal sealed class WordLevelModel(Vocabulary vocabulary, int unknownId) : ITokenizerModel
{
    public void Encode(ReadOnlySpan<char> word, List<int> ids) => ids.Add(vocabulary.Lookup.TryGetValue(word, out int id) ? id : unknownId);
}
