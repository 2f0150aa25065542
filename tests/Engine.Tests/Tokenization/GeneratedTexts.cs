using System.Text;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>Strings out of what tokenizers stumble over, the same ones each time.</summary>
internal static class GeneratedTexts
{
    private static readonly string[] Atoms =
    [
        "a", "b", "the ", "Hello", "world", "It's", " don't", "x", "Z", " ", "  ", "\t", "\n", "\r\n", "\n\n", "\u00A0", "\u3000", "\u2003", "\u2028", "\u0085", "\u200B", "\uFEFF",
        ".", ",", "!", "?!", "'", "\"", "-", "_", "/", "(", ")", "<", ">", "|", "{}", "#", "0", "12", "3456", "\u00BD", "\u0663", "\u2167", "\u00E9", "e\u0301", "\u00FC", "\u00DF", "\u0130", "\u03C3\u03C2",
        "\u0301\u0327", "\u0300", "\u4E2D\u6587", "\u5B57", "\u3042", "\u30AB", "\u30FC", "\uD55C", "\u1112\u1161\u11AB", "\u0416\u0451", "\u05D0\u05B7", "\u0644\u0627", "\u0E19\u0E49\u0E33", "\u0915\u094D\u0937",
        "\U0001F600", "\U0001F469\u200D\U0001F469\u200D\U0001F467", "\U0001F3F3\uFE0F\u200D\U0001F308", "\U0001F1E9\U0001F1EA", "\U0001F44D\U0001F3FD", "\U0001D49C", "\U00020000",
        "\u0000", "\u0007", "\u001F", "\u007F", "\u00AD", "\uFFFD", "\uE000", "\u2581", "\u0120", "\uFF21", "\uFB01", "\u212B",
    ];

    /// <param name="seed">Which strings.</param>
    /// <param name="count">How many.</param>
    /// <param name="more">Strings that occur now and then besides, such as special tokens.</param>
    public static IEnumerable<string> Make(int seed, int count, params string[] more)
    {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            text.Clear();
            for (int length = random.Next(0, 24); length > 0; length--)
            {
                string atom = more.Length > 0 && random.Next(8) == 0 ? more[random.Next(more.Length)] : Atoms[random.Next(Atoms.Length)];
                text.Insert(text.Length, atom, random.Next(12) == 0 ? random.Next(1, 6) : 1);
            }

            yield return text.ToString();
        }
    }
}
