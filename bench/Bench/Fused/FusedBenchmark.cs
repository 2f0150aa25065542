using System.Globalization;
using AdapterServe.Bench.Engine;

namespace AdapterServe.Bench.Fused;

/// <summary>
/// Fused mode: what a switch of one matrix costs, and, where a model is given, tokens a second of two engines on it in turn, one with ONNX Runtime's
/// packed weights and one with weights that may be written: without an adapter, with the first one beside the base, and with it fused.
/// </summary>
internal static class FusedBenchmark
{
    private const int Width = 4096;

    public static int Run(string[] args)
    {
        var options = EngineBenchmarkOptions.Parse(args);
        if (options is null && args.Length > 0)
        {
            Console.Error.WriteLine($"usage: bench fused [{EngineBenchmarkOptions.Usage}]");
            return 2;
        }

        SwitchBenchmark.Run(options?.Threads ?? 2, Width, rounds: 200);
        if (options is not null)
        {
            MeasureAsync(options).GetAwaiter().GetResult();
        }

        return 0;
    }

    private static async Task MeasureAsync(EngineBenchmarkOptions options)
    {
        await using var packed = await BenchEngine.StartAsync(options);
        await using var fusable = await BenchEngine.StartAsync(options with { IsFusable = true });
        Console.WriteLine(
            $"{options.PromptTokens} prompt tokens, {options.NewTokens} new, {options.Threads} threads, {options.Rounds} rounds, median");
        Console.WriteLine("clients  load             tok/s whole  of packed base  tok/s decode  of packed base");
        foreach (var clients in options.Clients)
        {
            await MeasureAsync(options, packed, fusable, clients);
        }
    }

    private static async Task MeasureAsync(EngineBenchmarkOptions options, BenchEngine packed, BenchEngine fusable, int clients)
    {
        (string Name, BenchEngine Engine, bool HasAdapter, bool IsFused)[] loads =
        [
            ("packed base", packed, false, false), ("writable base", fusable, false, false),
            ("packed + LoRA", packed, true, false), ("fused LoRA", fusable, true, true),
        ];
        var results = loads.Select(_ => new List<EngineSample>()).ToArray();
        List<double> fuse = [], unfuse = [];
        for (var round = -1; round < options.Rounds; round++)
        {
            for (var i = 0; i < loads.Length; i++)
            {
                var (_, engine, hasAdapter, isFused) = loads[i];
                var adapter = engine.Adapters[0];
                fuse.Add(isFused ? (await engine.Host.Fused.FuseAsync(adapter, await engine.AcquireAsync(adapter))).TotalMilliseconds : 0);
                var sample = await EngineLoad.RunAsync(engine, options, clients, _ => hasAdapter ? adapter : null, round);
                unfuse.Add(isFused ? (await engine.Host.Fused.UnfuseAsync(engine.Host.Fused.Target!)).TotalMilliseconds : 0);
                if (round >= 0)
                {
                    results[i].Add(sample);
                }
            }
        }

        for (var i = 0; i < loads.Length; i++)
        {
            Print(clients, loads[i].Name, results[i], results[0]);
        }

        var (into, outOf) = (fuse.Where(ms => ms > 0).Median(), unfuse.Where(ms => ms > 0).Median());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clients,7}  fuse {into:F0} ms, unfuse {outOf:F0} ms"));
    }

    private static void Print(int clients, string name, List<EngineSample> samples, List<EngineSample> first)
    {
        var (whole, wholeRatio) = Rate(samples, first, sample => sample.WholeRate);
        var (decode, decodeRatio) = Rate(samples, first, sample => sample.DecodeRate);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{clients,7}  {name,-15}  {whole,11:F1}  {wholeRatio,14:F3}  {decode,12:F1}  {decodeRatio,14:F3}"));
    }

    private static (double Rate, double Ratio) Rate(List<EngineSample> samples, List<EngineSample> first, Func<EngineSample, double> rate) =>
        (samples.Select(rate).Median(), samples.Zip(first, (a, b) => rate(a) / rate(b)).Median());
}
