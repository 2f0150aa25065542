using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Bench.Kernels;

/// <summary>The forms that turn a linear's input or output, read its output, or gate their ranks, each row or group of rows with an adapter of its own.</summary>
internal static unsafe class RotationBenchmarks
{
    private const int Width = 2048;

    private static readonly (int Rows, int Distinct)[] s_batches = [(1, 1), (8, 8), (32, 32), (256, 1)];

    public static void Run(SpinParallel parallel, int rounds, long footprint)
    {
        foreach (var (rows, distinct) in s_batches)
        {
            foreach (var size in new[] { 8, 32, 256 })
            {
                InputRotationAt(parallel, rounds, footprint, rows, distinct, size, factors: 1);
            }

            InputRotationAt(parallel, rounds, footprint, rows, distinct, 8, factors: 4);
            OutputRotationAt(parallel, rounds, footprint, rows, distinct);
            OutputLowRankAt(parallel, rounds, footprint, rows, distinct, default);
            OutputLowRankAt(parallel, rounds, footprint, rows, distinct, new RankGate(0.5f, 4, 0));
        }
    }

    private static void InputRotationAt(SpinParallel parallel, int rounds, long footprint, int rows, int distinct, int size, int factors)
    {
        using var arena = new WeightArena();
        var random = new Random(1);
        var order = Enumerable.Range(0, Width).ToArray();
        random.Shuffle(order);
        var factor = new RotationFactor(size, new float[Width * size], factors > 1 ? order : ReadOnlyMemory<int>.Empty);
        var bytes = (long)Math.Max(size, 16) * Width * sizeof(float) * factors * distinct;
        var sites = (int)Math.Clamp(footprint / bytes, 2, 64);
        var segments = new InputRotationSegment[sites][];
        var streams = new Streaming[sites];
        for (var site = 0; site < sites; site++)
        {
            streams[site] = new Streaming(parallel);
            segments[site] = new InputRotationSegment[distinct];
            for (var i = 0; i < distinct; i++)
            {
                var weights = InputRotationWeights.Pack(arena, Width, Width, [.. Enumerable.Repeat(factor, factors)]);
                foreach (ref readonly var packed in weights.Factors)
                {
                    streams[site].Add(packed.Values, packed.Blocks * packed.BlockStride * sizeof(float));
                }

                segments[site][i] = new InputRotationSegment(rows * i / distinct, rows * (i + 1) / distinct, weights);
            }
        }

        var x = KernelBenchmarks.Floats((long)rows * Width);
        var workspace = KernelBenchmarks.Floats((InputRotation.WorkspaceBytes(rows, distinct, Math.Max(size, 16), parallel.Threads) / sizeof(float)) + 16);
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            rounds / 4,
            () => InputRotation.Apply(x, Width, segments[kernelSite++ % sites], workspace, parallel),
            () => streams[streamSite++ % sites].Run());
        KernelBenchmarks.Report($"InputRotation {rows} rows, {distinct} adapters, {factors} x blocks of {size}", bytes, 2.0 * rows * Width * size * factors, times);
        KernelBenchmarks.Free(x, workspace);
    }

    private static void OutputRotationAt(SpinParallel parallel, int rounds, long footprint, int rows, int distinct)
    {
        using var arena = new WeightArena();
        var bytes = 2L * Width * sizeof(float) * distinct;
        var sites = (int)Math.Clamp(footprint / bytes, 2, 128);
        var segments = new OutputRotationSegment[sites][];
        var streams = new Streaming[sites];
        for (var site = 0; site < sites; site++)
        {
            streams[site] = new Streaming(parallel);
            segments[site] = new OutputRotationSegment[distinct];
            for (var i = 0; i < distinct; i++)
            {
                var weights = OutputRotationWeights.Pack(arena, Width, Width, 64, new float[Width], new float[Width]);
                streams[site].Add(weights.Own, weights.Bytes);
                segments[site][i] = new OutputRotationSegment(rows * i / distinct, rows * (i + 1) / distinct, weights);
            }
        }

        var y = KernelBenchmarks.Floats((long)rows * Width);
        var workspace = KernelBenchmarks.Floats((OutputRotation.WorkspaceBytes(distinct) / sizeof(float)) + 16);
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            rounds,
            () => OutputRotation.Apply(y, Width, segments[kernelSite++ % sites], workspace, parallel),
            () => streams[streamSite++ % sites].Run());
        KernelBenchmarks.Report($"OutputRotation {rows} rows, {distinct} adapters", bytes, 4.0 * rows * Width, times);
        KernelBenchmarks.Free(y, workspace);
    }

    /// <summary>With a gate: the form that reads x.</summary>
    private static void OutputLowRankAt(SpinParallel parallel, int rounds, long footprint, int rows, int distinct, RankGate gate)
    {
        const int rank = 16;
        using var arena = new WeightArena();
        var form = gate.IsOpen ? FormKind.OutputLowRank : FormKind.LowRank;
        var bytes = 2L * rank * Width * sizeof(float) * distinct;
        var sites = (int)Math.Clamp(footprint / bytes, 2, 128);
        var segments = new LowRankSegment[sites][];
        var streams = new Streaming[sites];
        var factor = new float[rank * Width];
        for (var site = 0; site < sites; site++)
        {
            streams[site] = new Streaming(parallel);
            segments[site] = new LowRankSegment[distinct];
            for (var i = 0; i < distinct; i++)
            {
                var weights = LowRankWeights.Pack(arena, rank, Width, Width, factor, factor, 1, WeightType.F32, form, gate);
                streams[site].Add(weights.A, weights.Bytes / 2);
                streams[site].Add(weights.B, weights.Bytes / 2);
                segments[site][i] = new LowRankSegment(rows * i / distinct, rows * (i + 1) / distinct, weights);
            }
        }

        var x = KernelBenchmarks.Floats((long)rows * Width);
        var y = KernelBenchmarks.Floats((long)rows * Width);
        var workspace = KernelBenchmarks.Floats((LowRank.WorkspaceBytes(rows, distinct, rank, Width) / sizeof(float)) + 16);
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            rounds,
            () => LowRank.Add(gate.IsOpen ? y : x, Width, y, Width, segments[kernelSite++ % sites], workspace, parallel),
            () => streams[streamSite++ % sites].Run());
        KernelBenchmarks.Report($"{(gate.IsOpen ? "OutputLowRank" : "Gated LowRank")} {rows} rows, {distinct} adapters of rank {rank}", bytes, 4.0 * rows * rank * Width, times);
        KernelBenchmarks.Free(x, y, workspace);
    }
}
