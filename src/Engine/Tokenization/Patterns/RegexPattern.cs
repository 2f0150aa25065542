using System.Diagnostics;
using System.Text.RegularExpressions;

namespace AdapterServe.Engine.Tokenization.Patterns;

/// <summary>
/// A regular expression from a file. It sees one character per code point (see <see cref="AstralClasses"/>), as the expression's author assumed.
/// <b>Errors</b>: <see cref="TokenizerException"/> where the expression is malformed, or where a text takes longer than the time limit.
/// </summary>
internal sealed class RegexPattern : TextPattern
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(3);
    private readonly Regex _regex;
    private readonly AstralClasses _classes;

    public RegexPattern(string expression)
    {
        (string translated, _classes) = OnigurumaPattern.Translate(expression);
        _regex = Compile(translated);
    }

    public override void FindAll(ReadOnlySpan<char> text, List<(int Start, int Length)> matches)
    {
        AstralShadow? shadow = AstralShadow.Of(text, _classes);
        ReadOnlySpan<char> seen = shadow is null ? text : shadow.Text;
        long started = Stopwatch.GetTimestamp();
        try
        {
            int previousEnd = -1;
            foreach (ValueMatch match in _regex.EnumerateMatches(seen))
            {
                // Of empty matches, the one right behind another match does not count.
                if (match.Length > 0 || match.Index != previousEnd)
                {
                    int start = shadow?.OriginalIndex(match.Index) ?? match.Index;
                    int end = shadow?.OriginalIndex(match.Index + match.Length) ?? match.Index + match.Length;
                    matches.Add((start, end - start));
                    previousEnd = match.Index + match.Length;
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
        try
        {
            // The engine that never backtracks misses matches that begin with something optional (.NET 10); the time limit bounds the other one.
            return new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.Compiled, TimeLimit);
        }
        catch (ArgumentException e)
        {
            throw new TokenizerException($"The tokenizer's pattern is not supported: {e.Message}", e);
        }
    }
}
