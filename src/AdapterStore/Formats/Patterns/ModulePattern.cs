using System.Text.RegularExpressions;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Patterns;

/// <summary>
/// A regular expression from a configuration, applied to module paths.
/// <b>Semantics</b>: <see cref="Suffix"/> is <c>^(.*\.)?(KEY)$</c>, <see cref="Full"/> matches the whole path.
/// <b>Errors</b>: Unservable <c>bad_pattern</c> for an expression that does not parse, <c>pattern_too_slow</c> for one that runs too long.
/// </summary>
internal sealed class ModulePattern
{
    private readonly string? _literal;
    private readonly Regex? _regex;

    private ModulePattern(string? literal, Regex? regex)
    {
        _literal = literal;
        _regex = regex;
    }

    public static ModulePattern Suffix(string key)
    {
        // Almost every key is a path: letters, digits, '_' and dots. Those need no regular expression, and there may be hundreds.
        var literal = key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.');
        return literal ? new ModulePattern(key, null) : new ModulePattern(null, Compile(key, @"\A(?:.*\.)?(?:", @")\z"));
    }

    /// <summary>Matches a part of the path.</summary>
    public static ModulePattern Anywhere(string pattern) => new(null, Compile(pattern, "(?:", ")"));

    public static ModulePattern Full(string pattern) => new(null, Compile(pattern, @"\A(?:", @")\z"));

    /// <summary>An expression of our own with the group <c>layer</c>.</summary>
    public static ModulePattern Raw(string pattern) => new(null, new Regex(pattern, RegexOptions.CultureInvariant, PatternBudget.MatchLimit));

    /// <summary>An expression of our own around the author's, with the group <c>layer</c>.</summary>
    public static ModulePattern Layer(string pattern) => new(null, Compile(pattern, @"\A.*\.(?:", @")\.(?<layer>\d+)\."));

    public bool Matches(string path, PatternBudget budget)
    {
        if (_literal is not null)
        {
            return MatchesLiteral(path);
        }

        budget.Require();
        try
        {
            return _regex!.IsMatch(path);
        }
        catch (RegexMatchTimeoutException error)
        {
            throw PatternBudget.TooSlow(error);
        }
    }

    /// <summary>The number that the group <c>layer</c> caught, or null.</summary>
    public int? MatchLayer(string path, PatternBudget budget)
    {
        budget.Require();
        try
        {
            var match = _regex!.Match(path);
            return match.Success && int.TryParse(match.Groups["layer"].ValueSpan, out var layer) ? layer : null;
        }
        catch (RegexMatchTimeoutException error)
        {
            throw PatternBudget.TooSlow(error);
        }
    }

    /// <summary>The key as an expression: a dot stands for any character.</summary>
    private bool MatchesLiteral(string path)
    {
        var start = path.Length - _literal!.Length;
        if (start < 0 || (start > 0 && path[start - 1] != '.'))
        {
            return false;
        }

        for (var i = 0; i < _literal.Length; i++)
        {
            if (_literal[i] != '.' && _literal[i] != path[start + i])
            {
                return false;
            }
        }

        return true;
    }

    private static Regex Compile(string pattern, string before, string after)
    {
        try
        {
            // Named groups are (?P<n>…) where these files come from.
            _ = new Regex(pattern = pattern.Replace("(?P<", "(?<", StringComparison.Ordinal), RegexOptions.CultureInvariant, PatternBudget.MatchLimit);
            return new Regex(before + pattern + after, RegexOptions.CultureInvariant, PatternBudget.MatchLimit);
        }
        catch (ArgumentException error)
        {
            throw StoreErrors.Unservable("bad_pattern", $"'{AdapterNames.Shorten(pattern)}' in adapter_config.json is not a regular expression that the server can read.", error);
        }
    }
}
