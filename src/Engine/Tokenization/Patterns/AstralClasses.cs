using System.Text;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>
/// Lets an expression over UTF-16 see one character per code point: code points beyond the basic plane that no set of the expression tells apart share a
/// stand-in, one of the surrogate halves, which no valid text has alone.
/// </summary>
internal sealed class AstralClasses
{
    private const int FirstAstral = 0x10000;
    private const char FirstStandIn = '\uD800';
    private const int MaxStandIns = 2048;

    private readonly int[] _starts;
    private readonly char[] _standIns;
    private readonly int _count;

    /// <summary><b>Errors</b>: <see cref="TokenizerException"/> where the sets cut the planes into more parts than there are stand-ins.</summary>
    public AstralClasses(IReadOnlyCollection<CodePointSet> sets)
    {
        _starts = [.. sets.SelectMany(set => set.Ranges).SelectMany(range => new[] { range.First, range.Last + 1 }).Append(FirstAstral)
            .Where(start => start is >= FirstAstral and <= 0x10FFFF).Distinct().Order()];
        _standIns = new char[_starts.Length];
        var known = new Dictionary<string, char>(StringComparer.Ordinal);
        for (int i = 0; i < _starts.Length; i++)
        {
            string members = string.Concat(sets.Select(set => set.Contains(_starts[i]) ? '1' : '0'));
            if (!known.TryGetValue(members, out char standIn))
            {
                known.Add(members, standIn = (char)(FirstStandIn + known.Count));
            }

            _standIns[i] = standIn;
        }

        _count = known.Count <= MaxStandIns ? known.Count : throw new TokenizerException("The tokenizer's pattern has too many classes of characters.");
    }

    public char StandIn(int codePoint)
    {
        int at = Array.BinarySearch(_starts, codePoint);
        return _standIns[at >= 0 ? at : ~at - 1];
    }

    /// <summary>The set as a character class that the framework's expressions understand.</summary>
    public string Write(CodePointSet set)
    {
        var text = new StringBuilder("[");
        foreach ((int first, int last) in set.Ranges)
        {
            WriteRange(text, first, Math.Min(last, FirstStandIn - 1));
            WriteRange(text, Math.Max(first, 0xE000), Math.Min(last, FirstAstral - 1));
        }

        for (int i = 0; i < _count; i++)
        {
            if (set.Contains(_starts[Array.IndexOf(_standIns, (char)(FirstStandIn + i))]))
            {
                WriteRange(text, FirstStandIn + i, FirstStandIn + i);
            }
        }

        return text.Length == 1 ? "(?!)" : text.Append(']').ToString();
    }

    private static void WriteRange(StringBuilder text, int first, int last)
    {
        if (first <= last)
        {
            _ = text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\\u{first:X4}");
            _ = last > first ? text.Append(System.Globalization.CultureInfo.InvariantCulture, $"-\\u{last:X4}") : text;
        }
    }
}
