using System.Globalization;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Bench.Kernels;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// What each kind of adapter costs: n clients decode, each with another adapter of one kind; then all kinds mixed. Rounds go over all kinds, so that the machine's
/// drift meets all; ratios are of the same round. <c>--kinds</c> may choose some and mix them with requests without an adapter. The limit is the
/// time to read the adapters' weights once a step at this machine's streaming speed.
/// </summary>
internal sealed class KindsBenchmark(EngineBenchmarkOptions options, BenchEngine engine)
{
    private const string Mixed = "mixed";

    public static int Run(string[] args)
    {
        if (EngineBenchmarkOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine($"usage: bench kinds {EngineBenchmarkOptions.Usage}");
            return 2;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(EngineBenchmarkOptions options)
    {
        await using var engine = await BenchEngine.StartAsync(options);
        Console.WriteLine("kind         file MB  memory MB  load ms/MB");
        foreach (var kind in engine.Uploads.GroupBy(upload => KindOf(upload.Version)))
        {
            var (file, memory) = (kind.Average(upload => upload.FileBytes) / 1e6, kind.Average(upload => (double)upload.Version.WeightBytes) / 1e6);
            Print($"{kind.Key,-12} {file,7:F3}  {memory,9:F3}  {kind.Select(upload => upload.Milliseconds).ToList().Median() / file,10:F2}");
        }

        var bytesPerMs = Streaming.BytesPerSecond(options.Threads) / 1000;
        Print($"{options.NewTokens} new tokens, {options.Threads} threads, {options.Rounds} rounds, median; streaming {bytesPerMs / 1e6:F1} GB/s");
        Console.WriteLine("clients  kind          tok/s decode  of none  added ms/step  limit ms/step");
        foreach (var clients in options.Clients)
        {
            await new KindsBenchmark(options, engine).MeasureAsync(clients, bytesPerMs);
        }
    }

    private async Task MeasureAsync(int clients, double bytesPerMs)
    {
        var kinds = engine.Adapters.GroupBy(KindOf).ToDictionary(kind => kind.Key, kind => kind.ToArray());
        var names = kinds.Keys.Order(StringComparer.Ordinal).ToArray();
        var loads = new List<(string Name, Func<int, AdapterVersion?> Adapter)> { ("none", _ => null) };
        loads.AddRange(names.Select(name => (name, (Func<int, AdapterVersion?>)(i => kinds[name][i % kinds[name].Length]))));
        string[] mixed = options.Kinds.Length == 0 ? names : options.Kinds;
        loads.Add((Mixed, i => kinds.TryGetValue(mixed[i % mixed.Length], out var own) ? own[i % own.Length] : null));
        var rates = loads.ToDictionary(load => load.Name, _ => new List<double>());
        for (var round = -1; round < options.Rounds; round++)
        {
            foreach (var (name, adapterOf) in loads)
            {
                var sample = await EngineLoad.RunAsync(engine, options, clients, adapterOf, round);
                if (round >= 0)
                {
                    rates[name].Add(sample.DecodeRate);
                }
            }
        }

        foreach (var (name, adapterOf) in loads)
        {
            var rate = rates[name].Median();
            var ratio = rates[name].Zip(rates["none"], (own, none) => own / none).Median();
            var added = rates[name].Zip(rates["none"], (own, none) => (clients / own - clients / none) * 1000).Median();
            var bytes = Enumerable.Range(0, clients).Select(adapterOf).OfType<AdapterVersion>().Distinct().Sum(adapter => (double)adapter.WeightBytes);
            Print($"{clients,7}  {name,-12}  {rate,12:F1}  {ratio,7:F3}  {added,13:F2}  {bytes / bytesPerMs,13:F2}");
        }

        var homogeneous = Enumerable.Range(0, options.Rounds).Select(round => rates[Mixed][round] / mixed.Average(name => rates[name][round])).ToList().Median();
        Print($"{clients,7}  mixed against the mean of the kinds: {homogeneous:F3}");
    }

    private static string KindOf(AdapterVersion adapter) => BenchEngine.KindOf(adapter.Name);

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
