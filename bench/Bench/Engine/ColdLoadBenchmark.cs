using System.Diagnostics;
using System.Globalization;
using AdapterServe.Engine.Requests;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// What a cold adapter costs whom: eight clients decode all the time while short requests arrive, each for another adapter. The same arrivals are measured with
/// these adapters in memory and with each of them thrown out just before its request; files stay in the system's cache. Rounds of the same arrivals
/// alternate, warm first and
/// cold first in turn; what is compared are medians over the rounds.
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
        Console.WriteLine($"round  adapters  {Figures.Header}");
        var (warm, cold) = (new List<Figures>(), new List<Figures>());
        for (var round = 0; round < options.Rounds; round++)
        {
            for (var turn = 0; turn < 2; turn++)
            {
                var isCold = (round + turn) % 2 == 1;
                var figures = await benchmark.MeasureAsync(isCold, round);
                (isCold ? cold : warm).Add(figures);
                Console.WriteLine($"{round,5}  {(isCold ? "cold" : "warm"),-8}  {figures}");
            }
        }

        var (usual, beside) = (Figures.MedianOf(warm), Figures.MedianOf(cold));
        Console.WriteLine($"\n{"warm",15}  {usual}\n{"cold",15}  {beside}\n{"cold/warm",15}  {beside.Over(usual)}");
    }

    private async Task<Figures> MeasureAsync(bool cold, int round)
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
        return Figures.Of(firstTokens, [.. gaps.SelectMany(own => own)]);
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

    /// <summary>Of one round, ms: times to the arrivals' first tokens and between the tokens of those who decode.</summary>
    private sealed record Figures(double FirstMedian, double FirstMost, double GapMedian, double Gap90, double Gap99, double GapMost)
    {
        public const string Header = "TTFT p50      max  inter-token p50      p90      p99      max";

        public static Figures Of(List<double> firstTokens, List<double> gaps) =>
            new(firstTokens.Median(), firstTokens.Max(), gaps.Median(), gaps.Percentile(0.9), gaps.Percentile(0.99), gaps.Max());

        public static Figures MedianOf(List<Figures> rounds) => new(
            rounds.Select(round => round.FirstMedian).Median(),
            rounds.Select(round => round.FirstMost).Median(),
            rounds.Select(round => round.GapMedian).Median(),
            rounds.Select(round => round.Gap90).Median(),
            rounds.Select(round => round.Gap99).Median(),
            rounds.Select(round => round.GapMost).Median());

        public Figures Over(Figures other) => new(
            FirstMedian / other.FirstMedian, FirstMost / other.FirstMost, GapMedian / other.GapMedian, Gap90 / other.Gap90, Gap99 / other.Gap99,
                GapMost / other.GapMost);

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{FirstMedian,8:F2} {FirstMost,8:F2}         {GapMedian,8:F2} {Gap90,8:F2} {Gap99,8:F2} {GapMost,8:F2}");
    }
}
