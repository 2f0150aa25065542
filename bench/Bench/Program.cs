using AdapterServe.Bench.Access;
using AdapterServe.Bench.Engine;
using AdapterServe.Bench.Fused;
using AdapterServe.Bench.Grpc;
using AdapterServe.Bench.Kernels;
using AdapterServe.Bench.Models;
using AdapterServe.Bench.Products;
using AdapterServe.Bench.Registry;
using AdapterServe.Bench.Sampling;

var benchmarks = new SortedDictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["answers"] = AnswersBenchmark.Run,
    ["authorisation"] = AuthorisationBenchmark.Run,
    ["cold"] = ColdLoadBenchmark.Run,
    ["engine"] = EngineBenchmark.Run,
    ["fused"] = FusedBenchmark.Run,
    ["grpc"] = GrpcBenchmark.Run,
    ["import"] = ImportBenchmark.Run,
    ["kernels"] = KernelBenchmarks.Run,
    ["kinds"] = KindsBenchmark.Run,
    ["load"] = LoadBenchmark.Run,
    ["perplexity"] = PerplexityBenchmark.Run,
    ["sampling"] = SamplingBenchmark.Run,
    ["fairness"] = FairnessBenchmark.Run,
    ["products"] = ProductBenchmark.Run,
    ["registry"] = RegistryBenchmark.Run,
    ["weights"] = WeightsBenchmark.Run,
};

if (args.Length > 0 && benchmarks.TryGetValue(args[0], out var run))
{
    return run(args[1..]);
}

Console.Error.WriteLine($"usage: bench {string.Join('|', benchmarks.Keys)} [options]");
return 2;
