using System.Diagnostics;
using System.Globalization;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// What a tenant that comes late waits for its first token while another keeps more requests inside than have places, against the same requests on an
/// idle engine.
/// The goal is 1.5 times the idle time and one step of the overloaded engine.
/// </summary>
internal sealed class FairnessBenchmark(EngineBenchmarkOptions options, BenchEngine engine)
{
    private const int Greedy = 96;
    private const int Arrivals = 24;
    private const int LateTokens = 4;
    private const double IdleShare = 1.5;

    public static int Run(string[] args)
    {
        if (EngineBenchmarkOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine($"usage: bench fairness {EngineBenchmarkOptions.Usage}");
            return 2;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(EngineBenchmarkOptions options)
    {
        await using var engine = await BenchEngine.StartAsync(options);
        var benchmark = new FairnessBenchmark(options, engine);
        await benchmark.ArriveAsync(new Random(0), TimeSpan.Zero);
        Console.WriteLine($"late: {options.PromptTokens} prompt tokens; the other tenant: {Greedy} clients with as long prompts and {options.NewTokens} new tokens; ms");
        Console.WriteLine("round  idle TTFT  step  late TTFT p50      p90      max  p50 of goal  p90 of goal");
        for (var round = 0; round < options.Rounds; round++)
        {
            await benchmark.MeasureAsync(round);
        }
    }

    private async Task MeasureAsync(int round)
    {
        var random = new Random(round);
        var idle = await ArriveManyAsync(random);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Greedy).Select(i => KeepAskingAsync(new Random((round * Greedy) + i), stop.Token)).ToList();
        await Task.Delay(TimeSpan.FromSeconds(4), CancellationToken.None);
        var counters = engine.Host.Counters;
        var (steps, ticks) = (counters.Steps, counters.StepTicks);
        var late = await ArriveManyAsync(random);
        var step = Stopwatch.GetElapsedTime(ticks, counters.StepTicks).TotalMilliseconds / (counters.Steps - steps);
        await stop.CancelAsync();
        await Task.WhenAll(clients);
        var goal = (IdleShare * idle.Median()) + step;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{round,5}  {idle.Median(),9:F1}  {step,4:F0}  {late.Median(),13:F1}  {late.Percentile(0.9),7:F1}  {late.Max(),7:F1}  {late.Median() / goal,11:F2}  {late.Percentile(0.9) / goal,11:F2}"));
    }

    private async Task<List<double>> ArriveManyAsync(Random random)
    {
        var times = new List<double>();
        for (var i = 0; i < Arrivals; i++)
        {
            times.Add(await ArriveAsync(random, TimeSpan.FromMilliseconds(random.Next(100, 600))));
        }

        return times;
    }

    /// <summary>Milliseconds to the first token of a tenant with nothing else inside.</summary>
    private async Task<double> ArriveAsync(Random random, TimeSpan pause)
    {
        await Task.Delay(pause);
        var request = await engine.RequestAsync(random, options.PromptTokens, LateTokens, adapter: null);
        var started = Stopwatch.GetTimestamp();
        var generation = engine.Host.Client.Submit(request with { Tenant = "late" });
        await BenchEngine.WaitAsync(generation, 1);
        var first = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await BenchEngine.WaitAsync(generation, LateTokens);
        return first;
    }

    private async Task KeepAskingAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var generation = engine.Host.Client.Submit(await engine.RequestAsync(random, options.PromptTokens, options.NewTokens, adapter: null));
            while (generation.Finish is null)
            {
                await generation.WaitForMoreAsync(generation.TokenCount);
                if (stop.IsCancellationRequested)
                {
                    generation.Cancel();
                }
            }
        }
    }
}
