using AdapterServe.AdapterServer.Hosting;

namespace AdapterServe.AdapterServer.Tests.Hosting;

public sealed class RecentlyUsedTests
{
    private readonly List<string> _made = [];
    private readonly RecentlyUsed<string> _kept = new(10, text => text.Length);

    [Fact]
    public void What_was_not_asked_for_longest_leaves_when_the_rest_weighs_too_much()
    {
        Get("a", "1234");
        Get("b", "1234");
        Get("a", "1234");
        Get("c", "1234");
        Get("a", "1234");
        Get("b", "1234");
        Assert.Equal(["a", "b", "c", "b"], _made);
    }

    [Fact]
    public void One_that_is_too_heavy_alone_stays_until_the_next_and_nothing_weighs_something()
    {
        Get("heavy", new string('x', 50));
        Get("heavy", new string('x', 50));
        Assert.Equal(["heavy"], _made);
        for (var i = 0; i < 11; i++)
        {
            Get($"{i}", "");
        }

        Get("1", "");
        Get("0", "");
        Assert.Equal(13, _made.Count);
    }

    [Fact]
    public void A_failure_is_everyones_once_and_is_tried_again()
    {
        Assert.Throws<InvalidOperationException>(() => _kept.Get("a", () => throw new InvalidOperationException()));
        Assert.Equal("b", _kept.Get("a", () => "b"));
    }

    [Fact]
    public async Task Many_who_ask_at_a_time_get_one_value()
    {
        using var both = new Barrier(4);
        var made = 0;
        var values = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            both.SignalAndWait(TestContext.Current.CancellationToken);
            return _kept.Get("a", () => $"{Interlocked.Increment(ref made)}");
        })));
        Assert.Equal(["1", "1", "1", "1"], values);
    }

    private void Get(string key, string value) => Assert.Equal(value, _kept.Get(key, () =>
    {
        _made.Add(key);
        return value;
    }));
}
