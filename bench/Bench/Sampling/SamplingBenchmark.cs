using System.Globalization;
using AdapterServe.Bench.Kernels;
using AdapterServe.Engine.Sampling;

namespace AdapterServe.Bench.Sampling;

/// <summary>
/// Microseconds of one draw over rows of some vocabularies, for logits as a trained model gives them (a few likely tokens and a long tail) and for
/// flat ones, which no parameter
/// cuts short. A step of n sequences draws n times on the engine's thread.
/// </summary>
internal static class SamplingBenchmark
{
    private const int Rounds = 60;
    private const int Rows = 8;

    private static readonly (string Name, SamplingParameters Parameters)[] s_ways =
    [
        ("greedy", SamplingParameters.Greedy),
        ("temperature", new()),
        ("top-k 50", new() { TopK = 50 }),
        ("top-p 0.9", new() { TopP = 0.9f }),
        ("top-p 0.99, 2.0", new() { TopP = 0.99f, Temperature = 2 }),
        ("min-p 0.05", new() { MinP = 0.05f }),
        ("top-k 40, top-p 0.95", new() { TopK = 40, TopP = 0.95f }),
        ("penalties, top-p 0.9", new() { TopP = 0.9f, RepetitionPenalty = 1.1f, FrequencyPenalty = 0.2f, PresencePenalty = 0.1f }),
    ];

    public static int Run(string[] args)
    {
        Console.WriteLine("us a draw: median of the rounds, trained-like and flat logits, and 32 draws as a share of a step of 70 ms");
        foreach (var vocabulary in new[] { 32_000, 128_000, 262_144 })
        {
            foreach (var (name, parameters) in s_ways)
            {
                var likely = Measure(parameters, Logits(vocabulary, spread: 3));
                var flat = Measure(parameters, Logits(vocabulary, spread: 0.3));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"{vocabulary,8}  {name,-22}  {likely,9:F1}  {flat,9:F1}  {likely * 32 / 70e3,8:P2}  {flat * 32 / 70e3,8:P2}"));
            }
        }

        return 0;
    }

    private static double Measure(SamplingParameters parameters, float[][] rows)
    {
        var sampler = new Sampler();
        var prompt = Enumerable.Range(0, 512).ToArray();
        var states = Array.ConvertAll(rows, _ => new SamplingState(parameters, [2], prompt, 100_000));
        var scratch = new float[rows[0].Length];
        var row = 0;

        // The copy stands for the model's run, which leaves the row in the cache or not; it is measured too and taken off.
        var times = Timing.Interleave(
            Rounds,
            () =>
            {
                rows[row].CopyTo(scratch, 0);
                sampler.Sample(scratch, states[row]);
                row = (row + 1) % Rows;
            },
            () => rows[row].CopyTo(scratch, 0));
        return times[0].Median - times[1].Median;
    }

    /// <summary>Normal logits of this spread.</summary>
    private static float[][] Logits(int vocabulary, double spread)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, Rows).Select(_ => Enumerable.Range(0, vocabulary)
            .Select(_ => (float)(spread * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))).ToArray())];
    }
}
