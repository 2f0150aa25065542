using System.Text;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.PreTokenizers;

/// <summary>
/// Cuts where the script changes. Hiragana and Katakana count as Han, as their prolonged sound mark does; a space, and what no script is known of, goes with
/// what stands before it, and is dropped where nothing does, as in the reference.
/// </summary>
internal sealed class ScriptPreTokenizer : IPreTokenizer
{
    private const string Any = "";
    private static readonly Lazy<(int First, int Last, string Script)[]> LazyScripts = new(Load);

    public void Split(ReadOnlyMemory<char> text, bool atStart, List<ReadOnlyMemory<char>> words)
    {
        ReadOnlySpan<char> span = text.Span;
        int start = span.Length;
        string? last = null;
        for (int i = 0, width; i < span.Length; i += width)
        {
            _ = Rune.DecodeFromUtf16(span[i..], out Rune rune, out width);
            string script = ScriptOf(rune.Value);
            if (script == Any)
            {
                continue;
            }

            if (last != script)
            {
                if (last is not null)
                {
                    words.Add(text[start..i]);
                }

                start = i;
            }

            last = script;
        }

        if (start < span.Length)
        {
            words.Add(text[start..]);
        }
    }

    private static string ScriptOf(int point)
    {
        if (point == ' ')
        {
            return Any;
        }

        int at = Array.BinarySearch(LazyScripts.Value, (point, int.MaxValue, ""));
        (_, int last, string script) = LazyScripts.Value[Math.Max(0, ~at - 1)];
        return point == 0x30FC ? "HAN" : point > last ? Any : script is "HIRAGANA" or "KATAKANA" ? "HAN" : script;
    }

    private static (int First, int Last, string Script)[] Load() =>
        [.. UnicodeProperties.Scripts().SelectMany(script => script.Points.Ranges.Select(range => (range.First, range.Last, script.Name))).Order()];
}
