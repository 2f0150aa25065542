using System.Text;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tokenization.Normalizers;

internal sealed class SequenceNormalizer(INormalizer[] parts) : INormalizer
{
    public string Normalize(string text) => parts.Aggregate(text, (current, part) => part.Normalize(current));

    public bool KeepsStart(string text)
    {
        foreach (INormalizer part in parts)
        {
            if (!part.KeepsStart(text))
            {
                return false;
            }

            text = part.Normalize(text);
        }

        return true;
    }
}

internal sealed class LowercaseNormalizer : INormalizer
{
    /// <summary>Letter by letter, without regard to neighbours. U+0130 is the one letter that becomes two.</summary>
    public string Normalize(string text) => text.ToLowerInvariant().Replace("\u0130", "i\u0307", StringComparison.Ordinal);
}

/// <summary>Puts a text before all but an empty one.</summary>
internal sealed class PrependNormalizer(string prefix) : INormalizer
{
    public string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}

internal sealed class StripNormalizer(bool left, bool right) : INormalizer
{
    public string Normalize(string text)
    {
        string result = left ? text.TrimStart() : text;
        return right ? result.TrimEnd() : result;
    }

    public bool KeepsStart(string text) => !left || text.Length == 0 || !char.IsWhiteSpace(text[0]);
}

internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : INormalizer
{
    public string Normalize(string text)
    {
        var matches = new List<(int Start, int Length)>();
        pattern.FindAll(text, matches);
        if (matches.Count == 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        int from = 0;
        foreach ((int start, int length) in matches)
        {
            result.Append(text, from, start - from).Append(content);
            from = start + length;
        }

        return result.Append(text, from, text.Length - from).ToString();
    }

    public bool KeepsStart(string text)
    {
        var matches = new List<(int Start, int Length)>();
        pattern.FindAll(text, matches);
        return content.Length > 0 || matches is not [(0, > 0), ..];
    }
}

internal sealed class UnicodeFormNormalizer(NormalizationForm form) : INormalizer
{
    private readonly UnicodeNormalization _tables = UnicodeNormalization.Shared;

    public string Normalize(string text) => _tables.Normalize(text, form);
}
