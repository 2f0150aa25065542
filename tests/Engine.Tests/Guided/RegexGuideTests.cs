using System.Text.RegularExpressions;
using AdapterServe.Engine.Guided;

namespace AdapterServe.Engine.Tests.Guided;

/// <summary>Regular expressions against .NET's.</summary>
public sealed class RegexGuideTests
{
    private const string Alphabet = "ab01-. é語\n\"Z_";

    [Theory]
    [InlineData("abc")]
    [InlineData("a|b|")]
    [InlineData("(a|b)*a(a|b){3}")]
    [InlineData("[a-z]+(-[0-9]{1,3})?")]
    [InlineData("^[^ab]{2,4}$")]
    [InlineData("(?:a*)*b")]
    [InlineData("(?<name>a+?)b{2}")]
    [InlineData("[\\-.é-語]+")]
    [InlineData("\\d+\\.\\d{0,2}|-")]
    [InlineData("a{2,}|b{0}|^0{3}$")]
    [InlineData(".*\\\"")]
    [InlineData("[0-9a-fA-F]{2}\\x2d\\u00e9?")]
    public void Texts_are_accepted_as_by_the_framework(string expression)
    {
        var automaton = GuideWalk.Compile(GuideKind.Regex, expression);
        // The framework's dot takes every character but the line feed; this one's alphabet has no other line end.
        var regex = new Regex($"\\A(?:{expression.TrimStart('^')})\\z".Replace("$)\\z", ")\\z", StringComparison.Ordinal).Replace("|^", "|", StringComparison.Ordinal), RegexOptions.CultureInvariant);
        var random = new Random(expression.Length);
        for (var i = 0; i < 2000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => Alphabet[random.Next(Alphabet.Length)]));
            Assert.True(regex.IsMatch(text) == GuideWalk.Accepts(automaton, text), $"'{text}'");
        }

        for (var i = 0; i < 50; i++)
        {
            Assert.Matches(regex, GuideWalk.Draw(automaton, random)!);
        }
    }

    [Theory]
    [InlineData("a(?=b)", "look-around")]
    [InlineData("(a)\\1", "'\\1'")]
    [InlineData("\\bword\\b", "'\\b'")]
    [InlineData("(?i)a", "flags")]
    [InlineData("(a", "closed")]
    [InlineData("a)", "too many")]
    [InlineData("[a", "closed")]
    [InlineData("a{3,2}", "wrong way")]
    [InlineData("a{20000}", "more than")]
    [InlineData("((a{1000}){1000}){1000}", "too large")]
    [InlineData("*a", "nothing stands before")]
    [InlineData("(a^b)", "ends only")]
    [InlineData("[z-a]", "range")]
    public void What_can_not_be_held_to_is_refused_with_the_reason(string expression, string reason) =>
        Assert.Contains(reason, Assert.Throws<GuideException>(() => GuideWalk.Compile(GuideKind.Regex, expression)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_hostile_expression_is_refused_or_ends_in_time()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var failure = Record.Exception(() =>
        {
            var automaton = GuideWalk.Compile(GuideKind.Regex, "(.*a){0,60}(.|a|b){0,4000}z");
            GuideWalk.Draw(automaton, new Random(1), most: 30);
        });
        Assert.True(failure is null or GuideException, failure?.ToString());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"{watch.Elapsed}");
    }

    [Fact]
    public void Deep_groups_are_refused() =>
        Assert.Throws<GuideException>(() => GuideWalk.Compile(GuideKind.Regex, new string('(', 10_000) + "a" + new string(')', 10_000)));
}
