using System.Diagnostics;

namespace AdapterServe.Bench.Kernels;

/// <summary>Runs several actions in turn, so that a change of the machine's speed meets all of them alike.</summary>
internal static class Timing
{
    /// <summary>Microseconds of each action: median and least of the rounds.</summary>
    public static (double Median, double Least)[] Interleave(int rounds, params Action[] actions)
    {
        var times = new double[actions.Length][];
        for (var i = 0; i < actions.Length; i++)
        {
            times[i] = new double[rounds];
        }

        var begin = Stopwatch.GetTimestamp();
        for (var round = -1; round < rounds; round++)
        {
            // Until the just-in-time compiler has settled.
            if (round == 0 && Stopwatch.GetElapsedTime(begin).TotalMilliseconds < 400)
            {
                round = -1;
            }

            for (var i = 0; i < actions.Length; i++)
            {
                var start = Stopwatch.GetTimestamp();
                actions[i]();
                var elapsed = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
                if (round >= 0)
                {
                    times[i][round] = elapsed;
                }
            }
        }

        return Array.ConvertAll(times, Summarise);
    }

    private static (double Median, double Least) Summarise(double[] times)
    {
        Array.Sort(times);
        return (times[times.Length / 2], times[0]);
    }
}
