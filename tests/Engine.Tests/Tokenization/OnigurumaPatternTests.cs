using AdapterServe.Engine.Tokenization;
using AdapterServe.Engine.Tokenization.Patterns;

namespace AdapterServe.Engine.Tests.Tokenization;

/// <summary>Expressions that must be turned down, and what the recorded cases do not reach.</summary>
public sealed class OnigurumaPatternTests
{
    [Theory]
    [InlineData("(", "is missing")]
    [InlineData("a)", "closes nothing")]
    [InlineData("[a", "ends too early")]
    [InlineData("[z-a]", "ends before it begins")]
    [InlineData("[[:nothing:]]", "[:nothing:]")]
    [InlineData("\\p{Klingon}", "Klingon")]
    [InlineData("\\p{L", "\"}\" is missing")]
    [InlineData("(a)\\1", "\\1")]
    [InlineData("\\X", "\\X")]
    [InlineData("(?<n>a)", "not known")]
    [InlineData("(?x)a b", "not known")]
    [InlineData("\\x{110000}", "110000")]
    [InlineData("a{10001}", "too often")]
    [InlineData("\\", "ends too early")]
    public void What_is_not_understood_is_refused_with_its_reason(string expression, string named) =>
        Assert.Contains(named, Assert.Throws<TokenizerException>(() => new RegexPattern(expression)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(")]
    [InlineData("[")]
    [InlineData("(?:a|")]
    public void Nesting_without_measure_is_refused(string opening) =>
        Assert.Throws<TokenizerException>(() => new RegexPattern(string.Concat(Enumerable.Repeat(opening, 10_000))));

    [Fact]
    public void An_expression_without_measure_is_refused() => Assert.Throws<TokenizerException>(() => new RegexPattern(new string('a', 1 << 17)));

    [Theory]
    [InlineData("[\\x{1F600}-\\x{1F64F}]+", "a\U0001F600\U0001F64F\U0001F680b", new[] { 1, 4 })]
    [InlineData("[^\\x{1F600}]", "\U0001F600\U0001F601", new[] { 2, 2 })]
    [InlineData("\\p{L}+", "1\U00010400\U00020000.", new[] { 1, 4 })]
    [InlineData("(?i)k", "\u212A", new[] { 0, 1 })]
    [InlineData("a{,2}b", "aaab", new[] { 1, 3 })]
    [InlineData("a{b", "a{b", new[] { 0, 3 })]
    [InlineData("(?m:a.)", "a\n", new[] { 0, 2 })]
    [InlineData("a.", "a\n", new int[0])]
    public void Characters_beyond_the_basic_plane_and_the_syntax_of_ruby_are_understood(string expression, string text, int[] startsAndLengths)
    {
        var matches = new List<(int Start, int Length)>();
        new RegexPattern(expression).FindAll(text, matches);
        Assert.Equal(startsAndLengths, matches.SelectMany(match => new[] { match.Start, match.Length }));
    }
}
