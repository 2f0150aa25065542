using System.Diagnostics;
using System.Text.Json;
using AdapterServe.AdapterStore;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Catalog;
using AdapterServe.Bench.Models;

namespace AdapterServe.Bench.Registry;

/// <summary>
/// A registry of many tenants' adapters: how long uploads, a start, lists, filters, pages and resolving a name take, its memory, and how soon a change at one server is usable at another.
/// </summary>
internal static class RegistryBenchmark
{
    private const int PageSize = 20;
    private const int Looks = 2000;

    public static int Run(string[] args)
    {
        RunAsync(new Arguments(args), args.Contains("--registry")).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(Arguments arguments, bool isElsewhere)
    {
        var folder = Directory.CreateTempSubdirectory("adapterserve-bench-").FullName;
        try
        {
            var registry = isElsewhere ? arguments.Text("registry") : Path.Combine(folder, "shared.db");
            var (tenants, each) = (arguments.Integer("tenants", 200), arguments.Integer("each", 50));
            using (var filling = Open(folder, "filling", registry))
            {
                await FillAsync(filling, tenants, each);
            }

            var before = LiveBytes();
            var clock = Stopwatch.StartNew();
            using var here = Open(folder, "here", registry);
            Console.WriteLine($"start with {tenants * each} adapters: {clock.ElapsedMilliseconds} ms, {(LiveBytes() - before) / 1e6:F1} MB of memory");
            using var there = Open(folder, "there", registry);
            Look(here, tenants, each);
            await SpreadAsync(here, there, arguments.Integer("changes", 200));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static AdapterStorage Open(string folder, string name, string registry) => AdapterStorage.Open(
        new AdapterStoreOptions { DataDirectory = Path.Combine(folder, name), Registry = registry, Blobs = Path.Combine(folder, "blobs") }, TinyAdapter.Base);

    private static async Task FillAsync(AdapterStorage storage, int tenants, int each)
    {
        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, tenants * each),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (i, _) =>
            {
                var (tenant, name) = ($"tenant-{i % tenants}", $"adapter-{i / tenants}");
                await TinyAdapter.PutAsync(storage, tenant, name, i);
                await storage.Catalog.UpdateAsync(tenant, name, new AdapterSettings(TinyAdapter.Labels(i), null, null), CancellationToken.None);
            });
        Console.WriteLine($"uploaded and labelled: {tenants * each / clock.Elapsed.TotalSeconds:F0} adapters/s");
    }

    private static void Look(AdapterStorage storage, int tenants, int each)
    {
        var random = new Random(1);
        Measure("list of a tenant, as JSON", () => Json(storage.Catalog.List(Tenant())));
        Measure("filter by two labels, as JSON", () => Json(storage.Catalog.List(Tenant(), new CatalogFilter("adapter-", [new("team", "t1"), new("stage", null)], "lora", "ready"))));
        Measure($"page of {PageSize}, as JSON", () => Json([.. storage.Catalog.List(Tenant()).SkipWhile(adapter => adapter.Name != $"adapter-{each / 2}").Skip(1).Take(PageSize)]));
        Measure("resolve a name", () => storage.Catalog.Resolve(Tenant(), $"adapter-{random.Next(each)}").Number);

        string Tenant() => $"tenant-{random.Next(tenants)}";
    }

    private static int Json(IReadOnlyList<AdapterDescriptor> list) => JsonSerializer.SerializeToUtf8Bytes(list, AdapterJsonContext.Default.IReadOnlyListAdapterDescriptor).Length;

    private static void Measure(string what, Func<int> look)
    {
        var times = new double[Looks];
        for (var i = 0; i < Looks; i++)
        {
            var started = Stopwatch.GetTimestamp();
            look();
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        Console.WriteLine($"{what}: p50 {times.Percentile(0.5):F3} ms, p99 {times.Percentile(0.99):F3} ms");
    }

    /// <summary>From the answer at one to the first look at the other that has it.</summary>
    private static async Task SpreadAsync(AdapterStorage here, AdapterStorage there, int changes)
    {
        var times = new List<double>();
        for (var i = 0; i < changes; i++)
        {
            await TinyAdapter.PutAsync(here, "tenant-0", $"spread-{i}", i);
            var answered = Stopwatch.GetTimestamp();
            while (!there.Catalog.List("tenant-0").Any(adapter => adapter.Name == $"spread-{i}"))
            {
                await Task.Yield();
            }

            times.Add(Stopwatch.GetElapsedTime(answered).TotalMilliseconds);
        }

        Console.WriteLine($"change visible at the other server after its answer: p50 {times.Median():F1} ms, p99 {times.Percentile(0.99):F1} ms, most {times.Max():F1} ms");
    }

    private static long LiveBytes() => GC.GetTotalMemory(forceFullCollection: true);
}
