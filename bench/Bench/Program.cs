using AdapterServe.Bench.Kernels;

var benchmarks = new SortedDictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["kernels"] = KernelBenchmarks.Run,
};

if (args.Length > 0 && benchmarks.TryGetValue(args[0], out var run))
{
    return run(args[1..]);
}

Console.Error.WriteLine($"usage: bench {string.Join('|', benchmarks.Keys)} [options]");
return 2;
