using System.Collections.Immutable;
using System.Text;
using AdapterServe.Engine.Tokenization;

namespace AdapterServe.Engine.Guided;

/// <summary>
/// The bytes that each token of a tokenizer adds to an answer. Special tokens add none and are never part of a guided answer; nor are tokens whose text depends on their neighbours.
/// <b>Effects</b>: immutable; made once for a tokenizer. <b>Errors</b>: <see cref="GuideException"/> for tokenizers whose texts are not their tokens' texts joined.
/// </summary>
public sealed class GuideVocabulary
{
    private const int LongestToken = 4096;
    private readonly ImmutableArray<byte[]> _first;
    private readonly ImmutableArray<byte[]> _later;
    private readonly bool[] _hasByte = new bool[256];

    /// <param name="first">By id: what a token adds as an answer's first one.</param>
    /// <param name="later">What it adds behind others.</param>
    internal GuideVocabulary(ImmutableArray<byte[]> first, ImmutableArray<byte[]> later)
    {
        (_first, _later) = (first, later);
        Later = TokenBytesTrie.Build(later);
        First = first == later ? Later : TokenBytesTrie.Build(first);
        foreach (var bytes in later.Where(bytes => bytes.Length == 1))
        {
            _hasByte[bytes[0]] = true;
        }
    }

    /// <summary>Ids are below this.</summary>
    public int Size => _later.Length;

    internal TokenBytesTrie First { get; }

    internal TokenBytesTrie Later { get; }

    public static GuideVocabulary Of(Tokenizer tokenizer)
    {
        var ids = Enumerable.Range(0, tokenizer.VocabularySize);
        if (tokenizer.IsByteLevel)
        {
            ImmutableArray<byte[]> bytes = [.. ids.Select(id => tokenizer.IsSpecial(id) ? [] : Bounded(tokenizer.TokenBytes(id)))];
            return new GuideVocabulary(bytes, bytes);
        }

        var reference = ids.FirstOrDefault(id => !tokenizer.IsSpecial(id) && tokenizer.TokenText(id) is [>= 'a' and <= 'z'], -1);
        if (reference < 0)
        {
            throw new GuideException("The model's tokenizer has no token for a letter, so an answer can't be held to a form.");
        }

        var pieces = ids.Select(id => Pieces(tokenizer, id, reference)).ToArray();
        return new GuideVocabulary([.. pieces.Select(piece => piece.First)], [.. pieces.Select(piece => piece.Later)]);
    }

    internal bool HasByte(byte value) => _hasByte[value];

    internal ReadOnlySpan<byte> BytesOf(int id, bool isFirst) => (isFirst ? _first : _later)[id];

    private static byte[] Bounded(byte[] bytes) => bytes.Length <= LongestToken ? bytes : [];

    /// <summary>What a token adds is what a decoding with it has more than one without it; between others, or it is not a token's own.</summary>
    private static (byte[] First, byte[] Later) Pieces(Tokenizer tokenizer, int id, int reference)
    {
        if (tokenizer.IsSpecial(id) || !tokenizer.IsKnown(id))
        {
            return ([], []);
        }

        if (tokenizer.TokenBytes(id) is [>= 0x80] single)
        {
            return (single, single);
        }

        string Decode(params ReadOnlySpan<int> tokens) => tokenizer.Decode(tokens, skipSpecialTokens: true);
        var (alone, before, twice) = (Decode(id), Decode(reference), Decode(reference, reference));
        var (behind, between) = (Decode(reference, id), Decode(reference, id, reference));
        var isOwn = behind.StartsWith(before, StringComparison.Ordinal) && twice.StartsWith(before, StringComparison.Ordinal)
            && between == behind + twice[before.Length..] && !behind.Contains('\uFFFD', StringComparison.Ordinal);
        return isOwn ? (Bounded(Encoding.UTF8.GetBytes(alone)), Bounded(Encoding.UTF8.GetBytes(behind[before.Length..]))) : ([], []);
    }
}
