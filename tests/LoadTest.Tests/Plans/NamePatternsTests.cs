using AdapterServe.LoadTest.Popularity;

namespace AdapterServe.LoadTest.Tests.Plans;

public sealed class NamePatternsTests
{
    [Theory]
    [InlineData("lora-07", "lora-*", true)]
    [InlineData("lora-07", "*07", true)]
    [InlineData("lora-07", "*a-*7", true)]
    [InlineData("lora-07", "lora", false)]
    [InlineData("lora-07", "lora-0", false)]
    [InlineData("lora-07", "*", true)]
    [InlineData("", "", true)]
    [InlineData("a.b", "a?b", false)]
    [InlineData("aab", "*ab", true)]
    public void A_star_stands_for_any_run_of_letters(string name, string pattern, bool matches) =>
        Assert.Equal(matches, NamePatterns.Matches(name, pattern));

    [Fact]
    public void Many_stars_take_no_exponential_time() =>
        Assert.False(NamePatterns.Matches(new string('a', 5000), string.Concat(Enumerable.Repeat("*a", 500)) + "b"));

    [Fact]
    public void A_pattern_that_names_nothing_is_refused() => Assert.Throws<UserErrorException>(() => NamePatterns.Select(["a", "b"], ["a", "c*"]));
}
