namespace AdapterServe.Engine.Speculation;

/// <summary>
/// Guesses what follows from what followed before.
/// <b>Semantics</b>: the last place, before the end, where the longest of the endings of <see cref="LongestEnding"/> to <see cref="ShortestEnding"/> tokens stands already; the
/// tokens behind it are the guess. <b>Effects</b>: reads the tokens once for each length; allocates nothing.
/// <b>Source</b>: prompt lookup decoding, as it is known from public inference libraries.
/// </summary>
internal static class PromptLookup
{
    public const int LongestEnding = 4;
    public const int ShortestEnding = 2;

    /// <param name="tokens">All tokens known.</param>
    /// <param name="draft">Gets the guess.</param>
    /// <returns>How many tokens were guessed.</returns>
    public static int Guess(ReadOnlySpan<int> tokens, Span<int> draft)
    {
        for (var length = LongestEnding; length >= ShortestEnding && !draft.IsEmpty; length--)
        {
            if (tokens.Length <= length)
            {
                continue;
            }

            var found = tokens[..^1].LastIndexOf(tokens[^length..]);
            if (found >= 0)
            {
                var following = tokens[(found + length)..];
                var count = Math.Min(following.Length, draft.Length);
                following[..count].CopyTo(draft);
                return count;
            }
        }

        return 0;
    }
}
