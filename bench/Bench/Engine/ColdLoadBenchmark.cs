using System.Diagnostics;
using System.Globalization;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// What a cold adapter costs whom: eight clients decode all the time while short requests arrive, each for another adapter. The same arrivals are measured with
/// these adapters in memory and with each of them thrown out just before its request; files stay in the system's cache.
/// </summary>
internal sealed class ColdLoadBenchmark(EngineBenchmarkOptions options, BenchEngine engine)
{
    private const int Decoding = 8;
    private const int Arrivals = 20;
    private const int ArrivalTokens = 4;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    public static int Run(string[] args)
    {
        if (EngineBenchmarkOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine($"usage: bench cold {EngineBenchmarkOptions.Usage}");
            return 2;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(EngineBenchmarkOptions options)
    {
        await using var engine = await BenchEngine.StartAsync(options);
        var benchmark = new ColdLoadBenchmark(options, engine);
        await benchmark.MeasureAsync(cold: false, round: -1);
        Console.WriteLine($"{Decoding} clients decode; {Arrivals} requests of {options.PromptTokens} prompt tokens every {Interval.TotalMilliseconds:F0} ms; ms");
        Console.WriteLine("round  adapters  TTFT p50  TTFT max  inter-token p50  p99  max");
        for (var round = 0; round < options.Rounds; round++)
        {
            await benchmark.MeasureAsync(cold: false, round);
            await benchmark.MeasureAsync(cold: true, round);
        }
    }

    private async Task MeasureAsync(bool cold, int round)
    {
        var random = new Random(round);
        using var stop = new CancellationTokenSource();
        var gaps = new List<double>[Decoding];
        var decoders = new List<Task>();
        for (var i = 0; i < Decoding; i++)
        {
            var generation = engine.Host.Client.Submit(await engine.RequestAsync(random, options.PromptTokens, engine.Model.Shape.ContextTokens / 2, engine.Adapters[i]));
            await BenchEngine.WaitAsync(generation, 2);
            decoders.Add(RecordGapsAsync(generation, gaps[i] = [], stop.Token));
        }

        var firstTokens = new List<double>();
        for (var i = 0; i < Arrivals; i++)
        {
            firstTokens.Add(await ArriveAsync(random, Decoding + i % (engine.Adapters.Count - Decoding), cold));
            await Task.Delay(Interval, CancellationToken.None);
        }

        await stop.CancelAsync();
        await Task.WhenAll(decoders);
        if (round >= 0)
        {
            var all = gaps.SelectMany(own => own).ToList();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{round,5}  {(cold ? "cold" : "warm"),-8}  {firstTokens.Median(),8:F1}  {firstTokens.Max(),8:F1}  {all.Median(),15:F1}  {all.Percentile(0.99):F1}  {all.Max():F1}"));
        }
    }

    private async Task<double> ArriveAsync(Random random, int adapter, bool cold)
    {
        var version = engine.Adapters[adapter];
        if (cold)
        {
            engine.Unload(version);
        }

        var started = Stopwatch.GetTimestamp();
        var generation = engine.Host.Client.Submit(await engine.RequestAsync(random, options.PromptTokens, ArrivalTokens, version));
        await BenchEngine.WaitAsync(generation, 1);
        var first = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        await BenchEngine.WaitAsync(generation, ArrivalTokens);
        return first;
    }

    private static async Task RecordGapsAsync(Generation generation, List<double> gaps, CancellationToken stop)
    {
        var seen = generation.TokenCount;
        var last = Stopwatch.GetTimestamp();
        while (!stop.IsCancellationRequested && generation.Finish is null)
        {
            await generation.WaitForMoreAsync(seen);
            var now = Stopwatch.GetTimestamp();
            gaps.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
            (seen, last) = (generation.TokenCount, now);
        }

        generation.Cancel();
        while (generation.Finish is null)
        {
            await generation.WaitForMoreAsync(generation.TokenCount);
        }
    }
}
