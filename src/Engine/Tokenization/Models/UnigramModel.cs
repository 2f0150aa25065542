using System.Text;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>
/// The most probable cut of a word into tokens. <b>Semantics</b>: the greatest sum of the tokens' scores; a character that no token of its own covers may be
/// unknown, 10 below the least score; neighbouring unknown characters are one unknown token. Of equal sums the one found first from the left. Linear in the word's
/// length for tokens of bounded length.
/// <b>Source</b>: Kudo, Subword Regularization (2018); details as in huggingface/tokenizers.
/// </summary>
internal sealed class UnigramModel : ITokenizerModel
{
    private const double UnknownPenalty = 10;
    private const int NoToken = -1;

    private readonly Vocabulary _vocabulary;
    private readonly TokenTrie _trie = new();
    private readonly double[] _scores;
    private readonly int? _unknownId;
    private readonly double _unknownScore;
    private readonly ByteTokens? _byteTokens;
    private readonly WordCache _cache = new();

    /// <param name="vocabulary">Holds exactly the model's tokens; others are added later.</param>
    /// <param name="scores">Log-probabilities by id.</param>
    /// <param name="unknownId">Null: unknown characters are an error.</param>
    /// <param name="byteFallback">Whether unknown characters become tokens of their bytes.</param>
    public UnigramModel(Vocabulary vocabulary, List<double> scores, int? unknownId, bool byteFallback)
    {
        _vocabulary = vocabulary;
        _scores = [.. scores];
        _unknownId = unknownId;
        _unknownScore = scores.Min() - UnknownPenalty;
        _byteTokens = byteFallback ? new ByteTokens(vocabulary) : null;
        for (int id = 0; id < _scores.Length; id++)
        {
            if (vocabulary.TryGetText(id, out string? text))
            {
                _trie.Add(text, id);
            }
        }
    }

    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_cache.TryGet(word, out int[]? cached))
        {
            ids.AddRange(cached);
            return;
        }

        int first = ids.Count;
        int position = 0;
        foreach (int end in Cut(word))
        {
            AddToken(word[position..end], ids);
            position = end;
        }

        _cache.Add(word, ids, first);
    }

    private void AddToken(ReadOnlySpan<char> text, List<int> ids)
    {
        if (_vocabulary.Lookup.TryGetValue(text, out int id) && id < _scores.Length)
        {
            ids.Add(id);
        }
        else if (_byteTokens?.TryAdd(text, ids) != true)
        {
            ids.Add(_unknownId!.Value);
        }
    }

    /// <summary>Where the tokens end.</summary>
    private List<int> Cut(ReadOnlySpan<char> word)
    {
        var best = new (double Score, int Start, int Token)[word.Length + 1];
        for (int i = 1; i < best.Length; i++)
        {
            best[i].Start = NoToken;
        }

        var matches = new List<(int Length, int Id)>();
        for (int start = 0, length; start < word.Length; start += length)
        {
            _ = Rune.DecodeFromUtf16(word[start..], out _, out length);
            bool single = false;
            matches.Clear();
            _trie.FindPrefixes(word[start..], matches);
            foreach ((int matchLength, int id) in matches)
            {
                Improve(best, start, start + matchLength, _scores[id], id);
                single |= matchLength == length;
            }

            if (!single && Improve(best, start, start + length, _unknownScore, NoToken) && _unknownId is null)
            {
                throw new TokenizerException("The text has a character that the tokenizer does not know, and the tokenizer has no unknown token.");
            }
        }

        return Ends(best);
    }

    private static bool Improve((double Score, int Start, int Token)[] best, int start, int end, double score, int token)
    {
        double sum = best[start].Score + score;
        bool better = best[end].Start == NoToken || sum > best[end].Score;
        best[end] = better ? (sum, start, token) : best[end];
        return better;
    }

    private static List<int> Ends((double Score, int Start, int Token)[] best)
    {
        var ends = new List<int>();
        bool afterUnknown = false;
        for (int end = best.Length - 1; end > 0; end = best[end].Start)
        {
            bool unknown = best[end].Token == NoToken;
            if (!(unknown && afterUnknown))
            {
                ends.Add(end);
            }

            afterUnknown = unknown;
        }

        ends.Reverse();
        return ends;
    }
}
