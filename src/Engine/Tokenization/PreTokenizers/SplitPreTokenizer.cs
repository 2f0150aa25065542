using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>
/// Cuts where a pattern matches. <b>Semantics</b>: the text becomes alternating matches and gaps (exchanged when inverted), which the behaviour
/// keeps apart, drops, or joins with a neighbour.
/// </summary>
internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert) : IPreTokenizer
{
    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        var matches = new List<(int Start, int Length)>();
        pattern.FindAll(text.Span, matches);
        foreach ((int start, int end) in Join(Stretches(text.Length, matches), behavior))
        {
            words.Add(text[start..end]);
        }
    }

    private List<(int Start, int End, bool Match)> Stretches(int length, List<(int Start, int Length)> matches)
    {
        var stretches = new List<(int Start, int End, bool Match)>((matches.Count * 2) + 1);
        int from = 0;
        foreach ((int start, int matchLength) in matches)
        {
            if (start > from)
            {
                stretches.Add((from, start, invert));
            }

            stretches.Add((start, start + matchLength, !invert));
            from = start + matchLength;
        }

        if (from < length)
        {
            stretches.Add((from, length, invert));
        }

        return stretches;
    }

    private static IEnumerable<(int Start, int End)> Join(List<(int Start, int End, bool Match)> stretches, SplitBehavior behavior)
    {
        for (int i = 0; i < stretches.Count; i++)
        {
            (int start, int end, bool match) = stretches[i];
            switch (behavior)
            {
                case SplitBehavior.Removed when match:
                    continue;
                case SplitBehavior.Contiguous:
                    while (i + 1 < stretches.Count && stretches[i + 1].Match == match)
                    {
                        end = stretches[++i].End;
                    }

                    break;
                case SplitBehavior.MergedWithPrevious when !match && i + 1 < stretches.Count && stretches[i + 1].Match:
                case SplitBehavior.MergedWithNext when match && i + 1 < stretches.Count && !stretches[i + 1].Match:
                    end = stretches[++i].End;
                    break;
                default:
                    break;
            }

            yield return (start, end);
        }
    }
}
