namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>
/// Words out of a text and the places that a splitter found in it: the text becomes alternating matches and gaps (exchanged when inverted), which the behaviour
/// keeps apart, drops, or joins with a neighbour.
/// </summary>
internal static class MatchSplit
{
    /// <param name="text">The text.</param>
    /// <param name="matches">In order, not overlapping; an empty one is a place to cut.</param>
    /// <param name="behavior">What becomes of the matches.</param>
    /// <param name="invert">The gaps are the matches.</param>
    /// <param name="words">Receives the words.</param>
    public static void AddWords(
        ReadOnlyMemory<char> text, List<(int Start, int Length)> matches, SplitBehavior behavior, bool invert, List<ReadOnlyMemory<char>> words)
    {
        foreach ((int start, int end) in Join(Stretches(text.Length, matches, invert), behavior))
        {
            if (end > start)
            {
                words.Add(text[start..end]);
            }
        }
    }

    private static List<(int Start, int End, bool Match)> Stretches(int length, List<(int Start, int Length)> matches, bool invert)
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
                    end = stretches[++i].End;
                    break;
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
