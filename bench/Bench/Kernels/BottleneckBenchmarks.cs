using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Bench.Kernels;

/// <summary>Bottlenecks against the time to read their weights, and bits against the time to read the same weights as f32.</summary>
internal static unsafe class BottleneckBenchmarks
{
    private const int Width = 2048;
    private const int Rank = 64;
    private const int Taps = 31;

    public static void Run(SpinParallel parallel, int rounds, long footprint)
    {
        foreach (var (rows, distinct) in new[] { (1, 1), (8, 8), (32, 32), (32, 1), (256, 1) })
        {
            foreach (var type in new[] { WeightType.F32, WeightType.BF16, WeightType.Bit })
            {
                At(parallel, $"Bottleneck {rows} rows, {distinct} adapters of {Rank}, {type}", rows, distinct, Plain(type), rounds, footprint);
            }

            At(parallel, $"Bottleneck {rows} rows, {distinct} adapters of {Rank}, norms on both sides, channel scale", rows, distinct, Full(), rounds, footprint);
            At(parallel, $"Bottleneck {rows} rows, {distinct} adapters of {Rank}, {Taps} taps", rows, distinct, Convolution(), rounds, footprint);
        }
    }

    private static BottleneckParts Plain(WeightType type) => new()
    {
        Down = Matrix(Rank, Width, type), Activation = Activation.Gelu, Up = Matrix(Width, Rank, type),
    };

    private static BottleneckParts Full() => new()
    {
        Input = BottleneckInput.Sum,
        Before = new LayerNormParts(new float[Width], new float[Width], 1e-5f),
        Down = Matrix(Rank, Width, WeightType.F32),
        DownBias = new float[Rank],
        Activation = Activation.Gelu,
        Up = Matrix(Width, Rank, WeightType.F32),
        UpBias = new float[Width],
        ChannelScale = new float[Width],
        After = new LayerNormParts(new float[Width], new float[Width], 1e-5f),
    };

    private static BottleneckParts Convolution() => new()
    {
        Down = Matrix(Rank, Width, WeightType.F32),
        Convolution = new ConvolutionParts(new float[Rank * Taps], new float[Rank], Taps),
        Activation = Activation.Silu,
        Up = Matrix(Width, Rank, WeightType.F32),
    };

    private static MatrixParts Matrix(int rows, int columns, WeightType type)
    {
        var values = new float[rows * columns];
        Array.Fill(values, 0.01f);
        return type switch
        {
            WeightType.F32 => new F32Matrix(rows, columns, values),
            WeightType.BF16 => new BF16Matrix(rows, columns, Array.ConvertAll(values, BF16.FromSingle)),
            _ => new BitMatrix(rows, columns, new byte[values.Length / 8], -0.01f, 0.01f),
        };
    }

    private static void At(SpinParallel parallel, string name, int rows, int distinct, BottleneckParts parts, int rounds, long footprint)
    {
        using var arena = new WeightArena();
        // Of bits as many sites as of f32 would not leave the caches: what they cost is arithmetic anyway.
        var asF32 = (long)Rank * 2 * Width * sizeof(float) * distinct;
        var sites = (int)Math.Clamp(footprint / asF32, 2, 128);
        var segments = new BottleneckSegment[sites][];
        var streams = new Streaming[sites];
        var sequences = new SequenceRows[distinct];
        for (var site = 0; site < sites; site++)
        {
            segments[site] = new BottleneckSegment[distinct];
            streams[site] = new Streaming(parallel);
            for (var i = 0; i < distinct; i++)
            {
                var weights = BottleneckWeights.Pack(arena, Width, Width, parts);
                streams[site].Add(weights.Down.Memory, weights.Down.Bytes);
                streams[site].Add(weights.Up.Memory, weights.Up.Bytes);
                var (first, end) = (rows * i / distinct, rows * (i + 1) / distinct);
                segments[site][i] = new BottleneckSegment(first, end, weights, i, 1);
            }
        }

        // One memory for all: each adapter has its own place in it.
        var states = KernelBenchmarks.Floats((arena.StateBytes / sizeof(float)) + 16);
        for (var i = 0; i < distinct; i++)
        {
            sequences[i] = new SequenceRows(rows * i / distinct, rows * (i + 1) / distinct, (byte*)states);
        }

        var x = KernelBenchmarks.Floats((long)rows * Width);
        var y = KernelBenchmarks.Floats((long)rows * Width);
        var workspace = KernelBenchmarks.Floats((Bottleneck.WorkspaceBytes(segments[0]) / sizeof(float)) + 16);
        var operands = new BottleneckOperands { X = x, Normed = x, Y = y, InFeatures = Width, OutFeatures = Width };
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            rounds, () => Bottleneck.Add(operands, segments[kernelSite++ % sites], sequences, workspace, parallel), () => streams[streamSite++ % sites].Run());
        KernelBenchmarks.Report(name, streams[0].Bytes, 2.0 * rows * Rank * 2 * Width, times);
        KernelBenchmarks.Free(x, y, workspace, states);
    }
}
