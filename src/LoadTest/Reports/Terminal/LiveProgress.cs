using System.Globalization;
using AdapterServe.LoadTest.Recording;
using Spectre.Console;

namespace AdapterServe.LoadTest.Reports.Terminal;

/// <summary>A run's numbers twice a second on the error stream, where that is a terminal.</summary>
internal static class LiveProgress
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Shows <paramref name="recorder"/> until <paramref name="run"/> has ended, and passes on how it ended.</summary>
    public static async Task ShowAsync(IAnsiConsole console, RunRecorder recorder, TimeProvider time, Task run)
    {
        if (!console.Profile.Capabilities.Interactive)
        {
            await run;
            return;
        }

        var started = time.GetTimestamp();
        await console.Live(new Text(string.Empty)).AutoClear(true).StartAsync(async live =>
        {
            using var timer = new PeriodicTimer(s_interval, time);
            var tick = timer.WaitForNextTickAsync().AsTask();
            while (await Task.WhenAny(run, tick) != run)
            {
                live.UpdateTarget(Render(recorder.Snapshot(), time.GetElapsedTime(started)));
                tick = timer.WaitForNextTickAsync().AsTask();
            }
        });
        await run;
    }

    private static Text Render(RunSnapshot now, TimeSpan elapsed)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{elapsed.TotalSeconds,6:0.0} s  {now.Started} sent  {now.InFlight} in flight  {now.Succeeded} done  {now.Failed} failed  "
            + $"{now.Tokens} tokens  TTFT p50 {now.TtftP50 / 1000.0:0.0} ms  p99 {now.TtftP99 / 1000.0:0.0} ms  "
            + $"inter-token p50 {now.InterTokenP50 / 1000.0:0.0} ms");
        return new Text(now.LastError is null ? line : $"{line}\nlast error: {now.LastError}");
    }
}
