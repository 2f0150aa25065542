using System.Collections.Immutable;
using System.Text;
using AdapterServe.Engine.Guided;

namespace AdapterServe.Engine.Tests.Guided;

/// <summary>An automaton without a model: any byte is a token, some texts are tokens too, and chance chooses among those that may come.</summary>
internal static class GuideWalk
{
    private static readonly string[] Texts =
        ["{\"", "\":", "\": \"", "\",", "\"}", "}}", "]}", "],", "true", "false", "null", "10", "00", "-1", "ab", "abc", "é", "語", "\n  ", "\n    ", "a-", "://", "2024", "name", "id", "  "];

    public static GuideVocabulary Vocabulary { get; } = Make();

    public static GuideAutomaton Compile(GuideKind kind, string text) => GuideCompiler.Compile(kind, text, Vocabulary);

    public static bool Accepts(GuideAutomaton automaton, string text)
    {
        var state = automaton.Start;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            state = automaton.After(state, value);
        }

        return state.IsAccepting;
    }

    /// <summary>A text by chance, or null for one that has not ended after so many tokens.</summary>
    public static string? Draw(GuideAutomaton automaton, Random random, int most = 3000)
    {
        var (state, bytes, isFirst) = (automaton.Start, new List<byte>(), true);
        for (var i = 0; i < most; i++)
        {
            int[] allowed = [.. Allowed(isFirst ? automaton.FirstMask : automaton.MaskOf(state))];
            if (state.IsAccepting && (allowed.Length == 0 || random.Next(3) == 0))
            {
                return Encoding.UTF8.GetString([.. bytes]);
            }

            Assert.NotEmpty(allowed);
            // Chance alone would rarely close what it opens.
            int[] closing = [.. allowed.Where(id => id is '"' or '}' or ']')];
            var id = closing.Length > 0 && random.Next(2) == 0 ? closing[random.Next(closing.Length)] : allowed[random.Next(allowed.Length)];
            foreach (var value in Vocabulary.BytesOf(id, isFirst))
            {
                bytes.Add(value);
                state = automaton.After(state, value);
            }

            isFirst = false;
        }

        return null;
    }

    public static IEnumerable<int> Allowed(ulong[] mask) => Enumerable.Range(0, Vocabulary.Size).Where(id => (mask[id >> 6] & (1UL << (id & 63))) != 0);

    private static GuideVocabulary Make()
    {
        ImmutableArray<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value }), .. Texts.Select(Encoding.UTF8.GetBytes), []];
        return new GuideVocabulary(tokens, tokens);
    }
}
