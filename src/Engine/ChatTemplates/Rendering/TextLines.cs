using System.Buffers;

namespace AdapterServe.Engine.ChatTemplates.Rendering;

/// <summary>Lines as Python's <c>splitlines</c> cuts them: at more characters than line feeds; nothing follows the last end.</summary>
internal static class TextLines
{
    private static readonly SearchValues<char> Ends = SearchValues.Create("\n\r\v\f\u001C\u001D\u001E\u0085\u2028\u2029");

    public static List<object?> Split(string text, bool keepEnds)
    {
        var lines = new List<object?>();
        for (int start = 0; start < text.Length;)
        {
            int at = text.AsSpan(start).IndexOfAny(Ends);
            int end = at < 0 ? text.Length : start + at;
            int next = at < 0 ? end : end + (text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1);
            lines.Add(text[start..(keepEnds ? next : end)]);
            start = next;
        }

        return lines;
    }
}
