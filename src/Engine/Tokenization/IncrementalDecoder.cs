using System.Collections.Immutable;
using AdapterServe.Engine.Tokenization.Decoders;

namespace AdapterServe.Engine.Tokenization;

/// <summary>
/// Decodes one sequence of ids as they come. <b>Semantics</b>: the concatenation of all results equals <see cref="Tokenizer.Decode"/> of all ids;
/// no result ends within a character. <b>Effects</b>: for one sequence and one thread at a time.
/// </summary>
public sealed class IncrementalDecoder : Requests.ITextDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecialTokens;
    private readonly ImmutableHashSet<int> _shown;
    private readonly CollectingStage _text = new();
    private readonly DecoderStage _first;

    internal IncrementalDecoder(Tokenizer tokenizer, ITokenDecoder decoder, bool skipSpecialTokens, ImmutableHashSet<int> shown)
    {
        _tokenizer = tokenizer;
        _shown = shown;
        _skipSpecialTokens = skipSpecialTokens;
        _first = decoder.Open(_text);
    }

    /// <summary>The text that this id makes certain; often empty. Unknown ids stand for nothing.</summary>
    public string Append(int id)
    {
        Push(id);
        return _text.Take();
    }

    /// <summary>Ends the sequence: the text held back, malformed bytes as U+FFFD. Nothing may be appended afterwards.</summary>
    public string Flush()
    {
        _first.End();
        return _text.Take();
    }

    internal void Push(int id)
    {
        if ((_skipSpecialTokens && _tokenizer.IsSpecial(id) && !_shown.Contains(id)) || !_tokenizer.TryGetToken(id, out string? token))
        {
            return;
        }

        _first.Text(token);
        _first.EndToken();
    }
}
