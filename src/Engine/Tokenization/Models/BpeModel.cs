using System.Text;

namespace AdapterServe.Engine.Tokenization.Models;

/// <summary>
/// Byte-pair encoding. <b>Semantics</b>: a word's characters become tokens; then, while any neighbours can merge, the pair of lowest rank does, the
/// leftmost of equals first. O(n log n) in the word's length, with a bounded cache of short words.
/// <b>Source</b>: Sennrich et al., Neural Machine Translation of Rare Words with Subword Units (2016); switches as in huggingface/tokenizers.
/// </summary>
internal sealed class BpeModel : ITokenizerModel
{
    private readonly Vocabulary _vocabulary;
    private readonly Dictionary<long, BpeMerge> _merges;
    private readonly BpeOptions _options;
    private readonly ByteTokens? _byteTokens;
    private readonly WordCache _cache = new();

    /// <param name="vocabulary">Texts and ids.</param>
    /// <param name="merges">By <see cref="BpeMerge.Key"/> of the pair.</param>
    /// <param name="options">The model's switches.</param>
    public BpeModel(Vocabulary vocabulary, Dictionary<long, BpeMerge> merges, BpeOptions options)
    {
        _vocabulary = vocabulary;
        _merges = merges;
        _options = options;
        _byteTokens = options.ByteFallback ? new ByteTokens(vocabulary) : null;
    }

    public void Encode(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_options.IgnoreMerges && _vocabulary.Lookup.TryGetValue(word, out int whole))
        {
            ids.Add(whole);
            return;
        }

        if (_cache.TryGet(word, out int[]? cached))
        {
            ids.AddRange(cached);
            return;
        }

        int first = ids.Count;
        List<int> symbols = Symbols(word);
        BpeMerger.Merge(symbols, _merges);
        ids.AddRange(symbols);
        _cache.Add(word, ids, first);
    }

    private List<int> Symbols(ReadOnlySpan<char> word)
    {
        var symbols = new List<int>(word.Length);
        bool unknownPending = false;
        for (int i = 0, length; i < word.Length; i += length)
        {
            _ = Rune.DecodeFromUtf16(word[i..], out _, out length);
            if (TryFind(word, i, length, out int id))
            {
                FlushUnknown(symbols, ref unknownPending);
                symbols.Add(id);
            }
            else if (_byteTokens?.TryAdd(word.Slice(i, length), symbols) != true && _options.UnknownId is not null)
            {
                // A pending one stays pending where unknown characters fuse; a character is dropped where no unknown token exists.
                if (!_options.FuseUnknown)
                {
                    FlushUnknown(symbols, ref unknownPending);
                }

                unknownPending = true;
            }
        }

        FlushUnknown(symbols, ref unknownPending);
        return symbols;
    }

    private void FlushUnknown(List<int> symbols, ref bool pending)
    {
        if (pending)
        {
            symbols.Add(_options.UnknownId!.Value);
        }

        pending = false;
    }

    private bool TryFind(ReadOnlySpan<char> word, int start, int length, out int id)
    {
        ReadOnlySpan<char> character = word.Slice(start, length);
        string prefix = start > 0 ? _options.ContinuingSubwordPrefix : "";
        string suffix = start + length == word.Length ? _options.EndOfWordSuffix : "";
        return prefix.Length + suffix.Length == 0
            ? _vocabulary.Lookup.TryGetValue(character, out id)
            : _vocabulary.TryGetId(string.Concat(prefix, character, suffix), out id);
    }
}
