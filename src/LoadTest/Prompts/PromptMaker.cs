using System.Text;
using AdapterServe.LoadTest.Randomness;

namespace AdapterServe.LoadTest.Prompts;

/// <summary>
/// Prompts of random content: a pure function of a planned request's seed and length, so that no two share a beginning and no cache helps unasked.
/// </summary>
internal static class PromptMaker
{
    /// <summary>Ids below this are special in most vocabularies.</summary>
    private const int FirstId = 3;
    private static readonly string[] s_words =
    [
        "time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world", "school", "state", "family", "student", "group",
        "country", "problem", "hand",
        "part", "place", "case", "week", "company", "system", "program", "question", "work", "night", "point", "home", "water", "room", "mother",
        "area", "money", "story",
        "fact", "month", "lot", "right", "study", "book", "eye", "job", "word", "business", "issue", "side", "kind", "head", "house", "service",
        "friend", "father", "power",
        "hour", "game", "line", "end", "member", "law", "car", "city",
    ];

    /// <summary>Ids in [3, <paramref name="vocabularySize"/>).</summary>
    public static int[] Tokens(ulong seed, int count, int vocabularySize)
    {
        var draws = new SplitMix64(seed);
        var tokens = new int[count];
        for (var i = 0; i < count; i++)
        {
            tokens[i] = draws.NextInt(FirstId, vocabularySize);
        }

        return tokens;
    }

    /// <summary>Common English words with a space between.</summary>
    public static string Text(ulong seed, int words)
    {
        var draws = new SplitMix64(seed);
        var text = new StringBuilder();
        for (var i = 0; i < words; i++)
        {
            text.Append(i == 0 ? "" : " ").Append(s_words[draws.NextInt(0, s_words.Length)]);
        }

        return text.ToString();
    }
}
