using System.Globalization;
using AdapterServe.AdapterStore.Adapters;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// Tokens a second of the whole engine, without HTTP: n clients send one request each at the same moment and wait for it. The three loads (no adapter, one adapter
/// for all, one each) take turns, so that the machine's drift meets all of them; ratios are of the same round.
/// </summary>
internal sealed class EngineBenchmark(EngineBenchmarkOptions options, BenchEngine engine, EngineLimit limit)
{
    public static int Run(string[] args)
    {
        if (EngineBenchmarkOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine($"usage: bench engine {EngineBenchmarkOptions.Usage}");
            return 2;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(EngineBenchmarkOptions options)
    {
        await using var engine = await BenchEngine.StartAsync(options);
        Console.WriteLine($"{options.PromptTokens} prompt tokens, {options.NewTokens} new, {options.Threads} threads, {options.Rounds} rounds, median");
        var machine = MachineLimits.Measure(options.Threads);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"machine: {machine.BytesPerSecond / 1e9:F1} GB/s, {machine.FloatProducts / 1e9:F0} G multiply-adds/s in f32, {machine.ByteProducts / 1e9:F0} G of bytes"));
        Console.WriteLine("clients  adapters   tok/s whole  of none  of limit  tok/s decode  of none  of limit  host overhead  bytes/step");
        foreach (var clients in options.Clients)
        {
            await new EngineBenchmark(options, engine, new EngineLimit(machine, engine.Model, options)).MeasureAsync(clients);
        }
    }

    private async Task MeasureAsync(int clients)
    {
        var adapters = engine.Adapters;
        var loads = new (string Name, Func<int, AdapterVersion?> Adapter)[] { ("none", _ => null), ("one", _ => adapters[0]), ("different", i => adapters[i % adapters.Count]) };
        var results = loads.Select(_ => new List<EngineSample>()).ToArray();
        for (var round = -1; round < options.Rounds; round++)
        {
            for (var i = 0; i < loads.Length; i++)
            {
                var sample = await EngineLoad.RunAsync(engine, options, clients, loads[i].Adapter, round);
                if (round >= 0)
                {
                    results[i].Add(sample);
                }
            }
        }

        for (var i = 0; i < loads.Length; i++)
        {
            Print(clients, loads[i].Name, results[i], results[0], limit.Rates(clients, [.. Enumerable.Range(0, clients).Select(loads[i].Adapter)]));
        }
    }

    private static void Print(int clients, string name, List<EngineSample> samples, List<EngineSample> none, (double Whole, double Decode) limit)
    {
        var whole = samples.Select(sample => sample.WholeRate).Median();
        var wholeRatio = samples.Zip(none, (a, b) => a.WholeRate / b.WholeRate).Median();
        var decode = samples.Select(sample => sample.DecodeRate).Median();
        var decodeRatio = samples.Zip(none, (a, b) => a.DecodeRate / b.DecodeRate).Median();
        var overhead = samples.Select(sample => sample.Overhead).Median();
        var bytes = samples.Select(sample => sample.BytesPerStep).Median();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{clients,7}  {name,-9}  {whole,11:F1}  {wholeRatio,7:F3}  {whole / limit.Whole,8:F2}  {decode,12:F1}  {decodeRatio,7:F3}  {decode / limit.Decode,8:F2}  {overhead,13:P2}  {bytes,10:F0}"));
    }
}
