using System.Diagnostics;
using System.Globalization;
using AdapterServe.Engine;
using AdapterServe.Engine.Models;

namespace AdapterServe.Bench.Models;

/// <summary>What an import costs: its seconds, the process's memory while it runs, what it writes; and how long a second start takes until the engine runs.</summary>
internal static class ImportBenchmark
{
    public static int Run(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Error.WriteLine("usage: bench import --model DIR [--cache DIR] [--weights f32|int8|int4]");
            return 2;
        }

        var arguments = new Arguments(args);
        var weights = Enum.Parse<WeightFormat>(arguments.Text("weights", "f32"), ignoreCase: true);
        var cache = arguments.Text("cache", "artifacts/bench/imports");
        RunAsync(arguments.Text("model"), cache, new ImportOptions { Weights = weights }).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(string folder, string cache, ImportOptions options)
    {
        if (Directory.Exists(cache))
        {
            Directory.Delete(cache, recursive: true);
        }

        var stages = new Stages();
        var before = Memory("VmHWM");
        var started = Stopwatch.GetTimestamp();
        await new ModelImporter().ImportAsync(folder, cache, options, stages);
        var whole = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var written = Directory.EnumerateFiles(cache, "weights.bin", SearchOption.AllDirectories).Sum(path => new FileInfo(path).Length);
        Print($"{options.Weights}: {whole:F1} s, of which {stages.Hashing:F1} s for the digest; {written / 1e6:F0} MB written");
        Print($"resident memory at most {Memory("VmHWM")} MiB, {before} before");

        started = Stopwatch.GetTimestamp();
        var model = await new ModelImporter().ImportAsync(folder, cache, options);
        var found = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await using var engine = EngineHost.Start(model, new EngineOptions());
        Print($"second start: found after {found:F2} s, engine after {Stopwatch.GetElapsedTime(started).TotalSeconds:F2} s");
        Print($"then resident {Memory("VmRSS")} MiB, {Memory("RssAnon")} of them the process's own; at most {Memory("VmHWM")}");
    }

    /// <summary>MiB.</summary>
    private static long Memory(string field)
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(field + ":", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) >> 10;
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed class Stages : IProgress<ImportProgress>
    {
        private readonly long _started = Stopwatch.GetTimestamp();

        public double Hashing { get; private set; }

        public void Report(ImportProgress value)
        {
            if (value.Stage == ImportStage.Hashing)
            {
                Hashing = Stopwatch.GetElapsedTime(_started).TotalSeconds;
            }
        }
    }
}
