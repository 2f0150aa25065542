using System.Text.Json;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>What <c>Split</c> and <c>Replace</c> look for: a fixed text or a regular expression. Matches do not overlap; those of an expression may be empty.</summary>
internal abstract class TextPattern
{
    /// <summary>Appends (start, length) of each match, left to right.</summary>
    public abstract void FindAll(ReadOnlySpan<char> text, List<(int Start, int Length)> matches);

    public static TextPattern Read(JsonElement pattern)
    {
        if (pattern.OptionalText("String") is { } fixedText)
        {
            return new FixedPattern(fixedText);
        }

        return pattern.OptionalText("Regex") is { } expression
            ? new RegexPattern(expression)
            : throw new TokenizerException("A pattern must be a \"String\" or a \"Regex\".");
    }
}
