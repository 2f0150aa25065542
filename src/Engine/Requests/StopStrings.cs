using System.Collections.Immutable;

namespace AdapterServe.Engine.Requests;

/// <summary>
/// The stop strings of a request, prepared once for all of its choices. Immutable.
/// <b>Source</b>: Knuth, Morris, Pratt 1977: one failure table a string, so that a character costs amortised O(1) for each string, however it repeats.
/// </summary>
public sealed class StopStrings
{
    private readonly string[] _texts;
    private readonly int[][] _failures;

    /// <param name="texts">Non-empty strings, distinct or not.</param>
    public StopStrings(ImmutableArray<string> texts)
    {
        _texts = [.. texts];
        _failures = Array.ConvertAll(_texts, Failures);
    }

    public static StopStrings None { get; } = new([]);

    public int Count => _texts.Length;

    internal int Length(int index) => _texts[index].Length;

    /// <summary>How many characters of string <paramref name="index"/> the text ends with after <paramref name="next"/>, when it ended with <paramref name="matched"/> before.</summary>
    internal int Advance(int index, int matched, char next)
    {
        var text = _texts[index];
        var failures = _failures[index];
        if (matched == text.Length)
        {
            matched = failures[matched - 1];
        }

        while (matched > 0 && text[matched] != next)
        {
            matched = failures[matched - 1];
        }

        return text[matched] == next ? matched + 1 : matched;
    }

    /// <summary>For each end: the length of the longest proper prefix of the text that ends there.</summary>
    private static int[] Failures(string text)
    {
        if (text.Length == 0)
        {
            throw new ArgumentException("A stop string is not empty.", nameof(text));
        }

        var failures = new int[text.Length];
        var matched = 0;
        for (var i = 1; i < text.Length; i++)
        {
            while (matched > 0 && text[matched] != text[i])
            {
                matched = failures[matched - 1];
            }

            matched = text[matched] == text[i] ? matched + 1 : matched;
            failures[i] = matched;
        }

        return failures;
    }
}
