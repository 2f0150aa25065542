using System.Globalization;
using AdapterServe.Engine.Models;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// Tokens a second with the base's weights held as f32, int8 and int4: decoding with n clients, and a prompt of 512 tokens. One engine each, which take turns;
/// ratios are of the same round.
/// </summary>
internal static class WeightsBenchmark
{
    private const int Prefill = 512;

    public static int Run(string[] args)
    {
        var empty = Directory.CreateTempSubdirectory("adapterserve-no-adapters-").FullName;
        if (EngineBenchmarkOptions.Parse([.. args, "--adapters", empty]) is not { } options)
        {
            Console.Error.WriteLine($"usage: bench weights {EngineBenchmarkOptions.Usage}, without adapters");
            return 2;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(EngineBenchmarkOptions options)
    {
        var formats = Enum.GetValues<WeightFormat>();
        var engines = new List<BenchEngine>();
        foreach (var format in formats)
        {
            engines.Add(await BenchEngine.StartAsync(options with { Weights = format }));
        }

        Console.WriteLine($"{options.PromptTokens} prompt tokens, {options.NewTokens} new, {options.Threads} threads, {options.Rounds} rounds: median, ratio to f32 of the round, best");
        Console.WriteLine("load         " + string.Concat(formats.Select(format => $"{format,7} tok/s  of f32   best  ")));
        foreach (var clients in options.Clients)
        {
            await MeasureAsync($"decode {clients,3}", engines, options, clients, sample => sample.DecodeRate);
        }

        await MeasureAsync("prefill 512", engines, options with { PromptTokens = Prefill, NewTokens = 1 }, 1, sample => sample.WholeRate * Prefill);
        foreach (var engine in engines)
        {
            await engine.DisposeAsync();
        }
    }

    private static async Task MeasureAsync(
        string name, List<BenchEngine> engines, EngineBenchmarkOptions options, int clients, Func<EngineSample, double> rate)
    {
        var rates = engines.ConvertAll(_ => new List<double>());
        for (var round = -1; round < options.Rounds; round++)
        {
            for (var i = 0; i < engines.Count; i++)
            {
                var sample = await EngineLoad.RunAsync(engines[i], options, clients, _ => null, round);
                if (round >= 0)
                {
                    rates[i].Add(rate(sample));
                }
            }
        }

        Console.WriteLine($"{name}  " + string.Concat(rates.Select(own => string.Create(
            CultureInfo.InvariantCulture, $"{own.Median(),13:F1}  {own.Zip(rates[0], (a, b) => a / b).Median(),6:F2}  {own.Max(),5:F0}  "))));
    }
}
