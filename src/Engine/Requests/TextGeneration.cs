using System.Runtime.CompilerServices;
using System.Text;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// A <see cref="Requests.Generation"/> read as text: decoded, cut at stop strings. One reader.
/// <b>Semantics</b>: the concatenated pieces are the text up to the first stop string, which is left out with everything after it; the token that
/// completed it is the last one. Within the first <c>min_tokens</c> tokens no stop string counts. A token among the request's stop ids has no text.
/// <b>Effects</b>: a stop string cancels the generation; so does cancelling the reader.
/// </summary>
public sealed class TextGeneration(Generation generation, ITextDecoder decoder, StopStrings stops)
{
    private readonly StopMatcher _matcher = new(stops);
    private readonly StringBuilder _released = new();
    private readonly List<int> _offsets = [];
    private int _decodedCharacters;

    public Generation Generation => generation;

    /// <summary>How the text ended; null before the last piece is read.</summary>
    public FinishReason? Finish { get; private set; }

    /// <summary>The stop string that ended the text; null before the last piece is read, and where the text ended otherwise.</summary>
    public string? StopText => _matcher.Completed;

    /// <summary>Tokens read so far; at the end those that count, the one that completed a stop string included.</summary>
    public int TokenCount => _offsets.Count;

    /// <summary>Where the text of token <paramref name="index"/> begins, in characters from the first generated one.</summary>
    public int OffsetOf(int index) => _offsets[index];

    /// <summary>
    /// The pieces as they come; tokens that are ready together come together. <see cref="Finish"/> is set when the last piece is yielded.
    /// </summary>
    public async IAsyncEnumerable<TextDelta> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static state => ((Generation)state!).Cancel(), generation);
        while (Finish is null)
        {
            var first = TokenCount;
            await generation.WaitForMoreAsync(first).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            var stopped = Take();
            if (stopped)
            {
                generation.Cancel();
            }

            if (Finish is not null || TokenCount > first)
            {
                yield return new TextDelta(Drain(), first, TokenCount);
            }
        }
    }

    /// <summary>Decodes what has come; true when a stop string ended the text.</summary>
    private bool Take()
    {
        // The end is read before the count: tokens published before it are then all seen.
        var finish = generation.Finish;
        var count = generation.TokenCount;
        for (var i = TokenCount; i < count; i++)
        {
            if (Append(i))
            {
                Finish = FinishReason.Stop;
                return true;
            }
        }

        if (finish is null)
        {
            return false;
        }

        var stopped = Feed(decoder.Flush(), count - 1);
        if (!stopped)
        {
            _matcher.Flush(_released);
        }

        Finish = stopped ? FinishReason.Stop : finish;
        return stopped;
    }

    private bool Append(int index)
    {
        _offsets.Add(_decodedCharacters);
        var token = generation.TokenAt(index);
        return !generation.Request.Sampling.StopTokenIds.Contains(token) && Feed(decoder.Append(token), index);
    }

    private bool Feed(string text, int index)
    {
        _decodedCharacters += text.Length;
        return _matcher.Append(text, index >= generation.Request.Sampling.MinTokens, _released);
    }

    private string Drain()
    {
        var text = _released.ToString();
        _released.Clear();
        return text;
    }
}
