using System.Diagnostics;
using System.Text.RegularExpressions;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>
/// A regular expression from a file. It sees one character per code point (see <see cref="AstralShadow"/>), as the expression's author assumed.
/// <b>Errors</b>: <see cref="TokenizerException"/> where the expression is malformed, or where a text takes longer than the time limit.
/// </summary>
internal sealed class RegexPattern : TextPattern
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(3);
    private readonly Regex _regex;

    public RegexPattern(string expression) => _regex = Compile(expression);

    public override void FindAll(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        AstralShadow? shadow = AstralShadow.Of(text);
        ReadOnlySpan<char> seen = shadow is null ? text : shadow.Text;
        long started = Stopwatch.GetTimestamp();
        try
        {
            foreach (ValueMatch match in _regex.EnumerateMatches(seen))
            {
                if (match.Length > 0)
                {
                    int start = shadow?.OriginalIndex(match.Index) ?? match.Index;
                    int end = shadow?.OriginalIndex(match.Index + match.Length) ?? match.Index + match.Length;
                    matches.Add((start, end - start));
                }

                // The engine's own limit holds for a single match only.
                if (Stopwatch.GetElapsedTime(started) > TimeLimit)
                {
                    throw new TokenizerException("The tokenizer's pattern takes too long on this text.");
                }
            }
        }
        catch (RegexMatchTimeoutException e)
        {
            throw new TokenizerException("The tokenizer's pattern takes too long on this text.", e);
        }
    }

    private static Regex Compile(string expression)
    {
        const RegexOptions options = RegexOptions.CultureInvariant | RegexOptions.Multiline;
        try
        {
            try
            {
                return new Regex(expression, options | RegexOptions.NonBacktracking, TimeLimit);
            }
            catch (NotSupportedException)
            {
                // Look-arounds need the backtracking engine, which the time limit bounds.
                return new Regex(expression, options | RegexOptions.Compiled, TimeLimit);
            }
        }
        catch (ArgumentException e)
        {
            throw new TokenizerException($"The tokenizer's pattern is not supported: {e.Message}", e);
        }
    }
}
