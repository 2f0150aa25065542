using System.Text;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Engine.Tests.Requests;

public sealed class StopMatcherTests
{
    [Theory]
    [InlineData("one two", "two", "one ", true)]
    [InlineData("one tw", "two", "one tw", false)]
    [InlineData("aaab", "aab", "a", true)]
    [InlineData("ababac", "abac", "ab", true)]
    [InlineData("nothing", "x", "nothing", false)]
    [InlineData("stop", "stop", "", true)]
    public void Text_ends_before_the_stop_string_however_it_is_cut(string text, string stop, string expected, bool stops)
    {
        for (var cut = 0; cut <= text.Length; cut++)
        {
            var matcher = new StopMatcher(new StopStrings([stop]));
            var released = new StringBuilder();
            var found = matcher.Append(text[..cut], heed: true, released) || matcher.Append(text[cut..], heed: true, released);
            if (!found)
            {
                matcher.Flush(released);
            }

            Assert.Equal(stops, found);
            Assert.Equal(expected, released.ToString());
            Assert.Equal(stops ? stop : null, matcher.Completed);
        }
    }

    [Fact]
    public void The_string_that_completes_first_counts_and_of_two_that_complete_together_the_longer()
    {
        var released = new StringBuilder();
        Assert.True(new StopMatcher(new StopStrings(["abcd", "bc"])).Append("xabcd", heed: true, released));
        Assert.Equal("xa", released.ToString());

        released.Clear();
        Assert.True(new StopMatcher(new StopStrings(["c", "abc"])).Append("xabc", heed: true, released));
        Assert.Equal("x", released.ToString());
    }

    [Fact]
    public void Only_a_possible_beginning_is_held_back()
    {
        var matcher = new StopMatcher(new StopStrings(["##end"]));
        var released = new StringBuilder();
        matcher.Append("text #", heed: true, released);
        Assert.Equal("text ", released.ToString());
        matcher.Append("# more", heed: true, released);
        Assert.Equal("text ## more", released.ToString());
    }

    [Fact]
    public void A_string_that_does_not_count_yet_stays_in_the_text()
    {
        var matcher = new StopMatcher(new StopStrings(["ab"]));
        var released = new StringBuilder();
        Assert.False(matcher.Append("xab", heed: false, released));
        Assert.True(matcher.Append("yab", heed: true, released));
        Assert.Equal("xaby", released.ToString());
    }

    [Fact]
    public void Random_texts_agree_with_a_search_of_the_whole_text()
    {
        var random = new Random(7);
        for (var round = 0; round < 2000; round++)
        {
            var text = RandomText(random, 30);
            string[] stops = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => RandomText(random, 4) + "a")];
            var matcher = new StopMatcher(new StopStrings([.. stops]));
            var released = new StringBuilder();
            var found = false;
            for (var at = 0; at < text.Length && !found;)
            {
                var length = Math.Min(1 + random.Next(4), text.Length - at);
                found = matcher.Append(text.Substring(at, length), heed: true, released);
                at += length;
            }

            if (!found)
            {
                matcher.Flush(released);
            }

            Assert.Equal(Reference(text, stops), released.ToString());
        }
    }

    /// <summary>The shortest prefix of the text that ends with a stop string, without the longest such string.</summary>
    private static string Reference(string text, string[] stops)
    {
        for (var end = 1; end <= text.Length; end++)
        {
            var longest = stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal)).Select(stop => stop.Length).DefaultIfEmpty(0).Max();
            if (longest > 0)
            {
                return text[..(end - longest)];
            }
        }

        return text;
    }

    private static string RandomText(Random random, int most) => string.Concat(Enumerable.Range(0, random.Next(most)).Select(_ => random.Next(3) == 0 ? "b" : "a"));
}
