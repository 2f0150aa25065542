using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Bench.Kernels;

/// <summary>Attention to learned keys and values against the time to read them.</summary>
internal static unsafe class AttentionPromptBenchmarks
{
    private const int HeadSize = 64;
    private const int Positions = 64;

    public static void Run(SpinParallel parallel, int rounds, long footprint)
    {
        foreach (var (rows, distinct) in new[] { (1, 1), (8, 8), (32, 32), (32, 1), (256, 1) })
        {
            At(parallel, rows, distinct, heads: 32, kvHeads: 8, count: 10, rounds, footprint);
            At(parallel, rows, distinct, heads: 32, kvHeads: 32, count: 64, rounds, footprint);
        }
    }

    private static void At(SpinParallel parallel, int rows, int distinct, int heads, int kvHeads, int count, int rounds, long footprint)
    {
        using var arena = new WeightArena();
        var elements = count * kvHeads * HeadSize;
        var sites = (int)Math.Clamp(footprint / (2L * elements * sizeof(float) * distinct), 2, 64);
        var segments = new AttentionPromptSegment[sites][];
        var streams = new Streaming[sites];
        for (var site = 0; site < sites; site++)
        {
            segments[site] = new AttentionPromptSegment[distinct];
            streams[site] = new Streaming(parallel);
            for (var i = 0; i < distinct; i++)
            {
                var weights = AttentionPromptWeights.Pack(arena, heads, kvHeads, HeadSize, new float[elements], new float[elements], 0.5f);
                streams[site].Add(weights.Keys, (long)elements * sizeof(float));
                streams[site].Add(weights.Values, (long)elements * sizeof(float));
                segments[site][i] = new AttentionPromptSegment(rows * i / distinct, rows * (i + 1) / distinct, weights);
            }
        }

        var width = heads * HeadSize;
        var query = KernelBenchmarks.Floats((long)rows * width);
        var y = KernelBenchmarks.Floats((long)rows * width);
        var angles = KernelBenchmarks.Floats(Positions * HeadSize);
        var positions = KernelBenchmarks.Floats(rows);
        new Span<int>(positions, rows).Clear();
        var workspace = KernelBenchmarks.Floats((AttentionPrompt.WorkspaceBytes(distinct, HeadSize, count, parallel.Threads) / sizeof(float)) + 16);
        var queries = new RotaryQueries
        {
            Query = query, Cos = angles, Sin = angles, Positions = (int*)positions, RotaryDims = HeadSize, MaxPositions = Positions,
        };
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            rounds, () => AttentionPrompt.Add(queries, y, segments[kernelSite++ % sites], workspace, parallel), () => streams[streamSite++ % sites].Run());
        KernelBenchmarks.Report(
            $"AttentionPrompt {rows} rows, {distinct} adapters of {count} keys, {heads}/{kvHeads} heads", streams[0].Bytes, 4.0 * rows * count * width, times);
        KernelBenchmarks.Free(query, y, angles, positions, workspace);
    }
}
