using System.Diagnostics;
using System.Globalization;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Bench.Models;
using AdapterServe.Engine.Models;

namespace AdapterServe.Bench.Engine;

/// <summary>
/// What a load of one adapter takes that is not in memory: computed, with what earlier loads kept on disk thrown away before, and with it. Files stay in the system's cache.
/// </summary>
internal static class LoadBenchmark
{
    private const string Tenant = "bench";

    public static int Run(string[] args)
    {
        if (!args.Contains("--model") || !args.Contains("--adapter"))
        {
            Console.Error.WriteLine("usage: bench load --model DIR --adapter DIR [--cache DIR] [--rounds 9] [--lower svd:rank=N]");
            return 2;
        }

        RunAsync(new Arguments(args), args.Contains("--cache"), args.Contains("--lower")).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(Arguments arguments, bool hasCache, bool isLowered)
    {
        var model = await new ModelImporter().ImportAsync(arguments.Text("model"), hasCache ? arguments.Text("cache") : "artifacts/bench/models");
        var data = Directory.CreateTempSubdirectory("adapterserve-bench-").FullName;
        try
        {
            using var storage = AdapterStorage.Open(new AdapterStoreOptions { DataDirectory = data, CacheBytes = 8L << 30, MaxUploadBytes = 8L << 30 }, model.Base);
            var version = await UploadAsync(storage, arguments.Text("adapter"), isLowered ? arguments.Text("lower") : null);
            List<(double Wall, double Cpu)> computed = [], kept = [];
            for (var round = 0; round < arguments.Integer("rounds", 9); round++)
            {
                Array.ForEach(Directory.GetFiles(Path.Combine(data, "computed")), File.Delete);
                computed.Add(await LoadAsync(storage, version));
                kept.Add(await LoadAsync(storage, version));
            }

            var bytes = Directory.GetFiles(Path.Combine(data, "computed")).Sum(path => new FileInfo(path).Length);
            Console.WriteLine($"{Path.GetFileName(arguments.Text("adapter"))}: computed {Told(computed)}; kept {Told(kept)}; {bytes / 1e6:F2} MB on disk");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<AdapterVersion> UploadAsync(AdapterStorage storage, string folder, string? lower)
    {
        using var files = storage.Uploads.Begin();
        if (lower is not null)
        {
            files.AskFor(AdapterStore.Lowering.LowerOption.Parse(lower));
        }

        foreach (var path in Directory.GetFiles(folder))
        {
            await using var content = File.OpenRead(path);
            await files.AddAsync(Path.GetFileName(path), content, CancellationToken.None);
        }

        await storage.Uploads.PutAsync(Tenant, "adapter", files, null, CancellationToken.None);
        return storage.Catalog.Resolve(Tenant, "adapter");
    }

    private static string Told(List<(double Wall, double Cpu)> rounds) => string.Create(
        CultureInfo.InvariantCulture,
        $"{rounds.Select(round => round.Wall).ToList().Median():F1} ms ({rounds.Min(round => round.Wall):F1} to {rounds.Max(round => round.Wall):F1}), {rounds.Select(round => round.Cpu).ToList().Median():F0} ms of processor");

    private static async Task<(double Wall, double Cpu)> LoadAsync(AdapterStorage storage, AdapterVersion version)
    {
        storage.Cache.Unload(version.WeightsDigest);
        while (storage.Cache.Contains(version.WeightsDigest))
        {
            // The last load may not have let go yet.
            await Task.Delay(1);
        }

        var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        using var lease = await storage.Cache.AcquireAsync(version, CancellationToken.None);
        return (Stopwatch.GetElapsedTime(started).TotalMilliseconds, (Environment.CpuUsage.TotalTime - used).TotalMilliseconds);
    }
}
