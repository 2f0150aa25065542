namespace AdapterServe.LoadTest.Recording;

/// <summary>Counts by second; at most a week of them, later events count to the last.</summary>
internal sealed class SecondSeries
{
    private const int MaxSeconds = 7 * 24 * 3600;
    private readonly List<long[]> _seconds = [];

    private enum Column
    {
        Arrived,
        Completed,
        Failed,
        Tokens,
        InFlight,
    }

    public void Arrived(long us) => At(us)[(int)Column.Arrived]++;

    public void Tokens(long us, int count) => At(us)[(int)Column.Tokens] += count;

    public void Ended(long us, bool isSuccess) => At(us)[(int)(isSuccess ? Column.Completed : Column.Failed)]++;

    public void InFlight(long us, int count)
    {
        var second = At(us);
        second[(int)Column.InFlight] = Math.Max(second[(int)Column.InFlight], count);
    }

    public IReadOnlyList<SecondSample> Samples() =>
        [.. _seconds.Select((second, at) => new SecondSample(
            at, second[(int)Column.Arrived], second[(int)Column.Completed], second[(int)Column.Failed], second[(int)Column.Tokens],
            (int)second[(int)Column.InFlight]))];

    private long[] At(long us)
    {
        var second = (int)Math.Clamp(us / 1_000_000, 0, MaxSeconds - 1);
        while (_seconds.Count <= second)
        {
            _seconds.Add(new long[Enum.GetValues<Column>().Length]);
        }

        return _seconds[second];
    }
}
