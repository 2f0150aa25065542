using System.Globalization;
using AdapterServe.AdapterStore;
using AdapterServe.Engine.Models;

namespace AdapterServe.Bench.Engine;

/// <summary>What <c>bench engine</c> and <c>bench cold</c> measure.</summary>
internal sealed record EngineBenchmarkOptions
{
    public const string Usage =
        "--model DIR --adapters DIR [--cache DIR] [--threads 2] [--clients 1,8,32] [--prompt 32] [--new 64] [--rounds 3] [--kinds lora,ia3,none] "
        + "[--weights f32|int8|int4] [--adapter-weights file|bf16|int8|onebit]";

    public required string Model { get; init; }

    public required string Adapters { get; init; }

    public string Cache { get; init; } = "artifacts/bench/models";

    public int Threads { get; init; } = 2;

    public int[] Clients { get; init; } = [1, 8, 32];

    public int PromptTokens { get; init; } = 32;

    public int NewTokens { get; init; } = 64;

    public int Rounds { get; init; } = 3;

    /// <summary>The kinds of adapters that take part, <c>none</c> for requests without one; empty: all of the folder.</summary>
    public string[] Kinds { get; init; } = [];

    public WeightFormat Weights { get; init; }

    public AdapterWeightFormat AdapterWeights { get; init; }

    /// <summary>Only <c>bench fused</c> sets it.</summary>
    public bool IsFusable { get; init; }

    public static EngineBenchmarkOptions? Parse(string[] args)
    {
        var options = new EngineBenchmarkOptions { Model = "", Adapters = "" };
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            var value = args[i + 1];
            switch (args[i])
            {
                case "--model": options = options with { Model = value }; break;
                case "--adapters": options = options with { Adapters = value }; break;
                case "--cache": options = options with { Cache = value }; break;
                case "--threads": options = options with { Threads = Number(value) }; break;
                case "--clients": options = options with { Clients = value.Split(',').Select(Number).ToArray() }; break;
                case "--prompt": options = options with { PromptTokens = Number(value) }; break;
                case "--new": options = options with { NewTokens = Number(value) }; break;
                case "--rounds": options = options with { Rounds = Number(value) }; break;
                case "--kinds": options = options with { Kinds = value.Split(',') }; break;
                case "--weights": options = options with { Weights = Enum.Parse<WeightFormat>(value, ignoreCase: true) }; break;
                case "--adapter-weights": options = options with { AdapterWeights = Enum.Parse<AdapterWeightFormat>(value, ignoreCase: true) }; break;
                default: return null;
            }
        }

        return options.Model.Length > 0 && options.Adapters.Length > 0 && args.Length % 2 == 0 ? options : null;
    }

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);
}
