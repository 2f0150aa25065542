using System.Text;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>
/// Longest token first, from the left; a word that cannot be covered so, or is too long, is one unknown token.
/// <b>Source</b>: google-research/bert <c>tokenization.py</c>; switches as in huggingface/tokenizers.
/// </summary>
/// <param name="vocabulary">Texts and ids.</param>
/// <param name="unknownId">The unknown token.</param>
/// <param name="prefix">Stands before tokens that continue a word.</param>
/// <param name="maxCharacters">Words of more characters are unknown, which also bounds the quadratic search.</param>
internal sealed class WordPieceModel(Vocabulary vocabulary, int unknownId, string prefix, int maxCharacters) : ITokenizerModel
{
    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        int first = ids.Count;
        if (HasMoreRunes(word) || !TryCover(word, ids))
        {
            ids.RemoveRange(first, ids.Count - first);
            ids.Add(unknownId);
        }
    }

    private bool HasMoreRunes(ReadOnlySpan<char> word)
    {
        int count = 0;
        for (int i = 0, length; i < word.Length && count <= maxCharacters; i += length, count++)
        {
            _ = Rune.DecodeFromUtf16(word[i..], out _, out length);
        }

        return count > maxCharacters;
    }

    private bool TryCover(ReadOnlySpan<char> word, List<int> ids)
    {
        for (int start = 0; start < word.Length;)
        {
            int end = word.Length;
            int id = 0;
            while (end > start && !TryFind(word[start..end], start > 0, out id))
            {
                end -= end - start > 1 && char.IsSurrogatePair(word[end - 2], word[end - 1]) ? 2 : 1;
            }

            if (end == start)
            {
                return false;
            }

            ids.Add(id);
            start = end;
        }

        return true;
    }

    private bool TryFind(ReadOnlySpan<char> part, bool continuing, out int id) =>
        continuing ? vocabulary.TryGetId(string.Concat(prefix, part), out id) : vocabulary.Lookup.TryGetValue(part, out id);
}
