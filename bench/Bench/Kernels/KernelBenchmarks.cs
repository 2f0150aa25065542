using System.Runtime.InteropServices;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Bench.Kernels;

/// <summary>
/// Every kernel against the time to read its bytes, in the same run on the same threads. Weights and caches of one measurement
/// exceed the last cache: each call takes the next site.
/// </summary>
internal static unsafe class KernelBenchmarks
{
    private const int Rounds = 400;
    private const long Footprint = 160L << 20;

    public static int Run(string[] arguments)
    {
        var threads = arguments.Length > 0 ? int.Parse(arguments[0], System.Globalization.CultureInfo.InvariantCulture) : 2;
        var only = arguments.Length > 1 ? arguments[1] : "";
        var filter = arguments.Length > 2 ? arguments[2] : "";
        Console.WriteLine($"{SimdSupport.Path}, {threads} threads; us median (least) of {Rounds}; ratio = kernel / streaming its bytes, medians");
        using var parallel = new SpinParallel(threads);
        if (only is "" or "lowrank")
        {
            foreach (var type in new[] { WeightType.BF16, WeightType.F32, WeightType.Int8, WeightType.Bit })
            {
                foreach (var (rows, distinct) in new[] { (1, 1), (8, 8), (32, 32), (8, 1), (32, 1), (256, 1), (256, 8) })
                {
                    LowRankAt(parallel, rows, distinct, 16, type);
                }

                LowRankAt(parallel, 1, 1, 256, type);
            }
        }

        if (only is "" or "bottleneck")
        {
            BottleneckBenchmarks.Run(parallel, Rounds, Footprint);
        }

        if (only is "" or "dense")
        {
            foreach (var rows in new[] { 1, 8, 32, 256 })
            {
                DenseAt(parallel, rows, WeightType.BF16);
                DenseAt(parallel, rows, WeightType.F32);
            }
        }

        if (only is "" or "sparse")
        {
            foreach (var rows in new[] { 1, 2, 4, 8, 32, 256 })
            {
                SparseAt(parallel, rows, WeightType.BF16);
                SparseAt(parallel, rows, WeightType.F32);
            }
        }

        if (only is "" or "sparse" or "sparse-many")
        {
            foreach (var (inFeatures, outFeatures) in new[] { (896, 896), (896, 4864), (4864, 896) })
            {
                SparseMany(parallel, inFeatures, outFeatures, WeightType.BF16);
                SparseMany(parallel, inFeatures, outFeatures, WeightType.F32);
            }
        }

        if (only is "" or "embedding")
        {
            foreach (var rows in new[] { 1, 32, 256 })
            {
                EmbeddingAt(parallel, rows, WeightType.BF16);
                EmbeddingAt(parallel, rows, WeightType.F32);
            }
        }

        if (only is "" or "vector")
        {
            foreach (var rows in new[] { 1, 32, 256 })
            {
                VectorsAt(parallel, rows);
            }
        }

        if (only is "" or "rotation")
        {
            RotationBenchmarks.Run(parallel, Rounds, Footprint);
        }

        if (only is "" or "attention")
        {
            AttentionBenchmarks.Run(parallel, Rounds / 8, Footprint, filter);
        }

        if (only is "" or "prompt")
        {
            AttentionPromptBenchmarks.Run(parallel, Rounds, Footprint);
        }

        if (only is "" or "pack")
        {
            Packing();
        }

        return 0;
    }

    private static void LowRankAt(SpinParallel parallel, int rows, int distinct, int rank, WeightType type)
    {
        const int width = 2048;
        using var arena = new WeightArena();
        var bytes = LowRankWeights.BytesAs(type, rank, width, width) * distinct;
        var sites = (int)Math.Clamp(Footprint / bytes, 2, 128);
        var segments = new LowRankSegment[sites][];
        var streams = new Streaming[sites];
        var factor = new float[rank * width];
        Array.Fill(factor, 0.01f);
        using var aside = new WeightArena();
        for (var site = 0; site < sites; site++)
        {
            segments[site] = new LowRankSegment[distinct];
            streams[site] = new Streaming(parallel);
            for (var i = 0; i < distinct; i++)
            {
                var weights = LowRankRounding.Round(LowRankWeights.Pack(aside, rank, width, width, factor, factor, 1, WeightType.F32), type, arena);
                streams[site].Add(weights.A, type.BytesOf(rank * width));
                streams[site].Add(weights.B, type.BytesOf(rank * width));
                segments[site][i] = new LowRankSegment(rows * i / distinct, rows * (i + 1) / distinct, weights);
            }
        }

        var x = Floats((long)rows * width);
        var y = Floats((long)rows * width);
        var workspace = Floats(LowRank.WorkspaceBytes(rows, distinct, rank, width) / 4 + 16);
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            Rounds,
            () => LowRank.Add(x, width, y, width, segments[kernelSite++ % sites], workspace, parallel),
            () => streams[streamSite++ % sites].Run());
        Report($"LowRank {rows} rows, {distinct} adapters of rank {rank}, {type}", bytes, 2.0 * rows * rank * 2 * width, times);
        Free(x, y, workspace);
    }

    private static void DenseAt(SpinParallel parallel, int rows, WeightType type)
    {
        const int width = 2048;
        using var arena = new WeightArena();
        var matrix = new float[width * width];
        Array.Fill(matrix, 0.01f);
        var bytes = (long)width * width * (type == WeightType.F32 ? 4 : 2);
        var sites = (int)(Footprint / bytes);
        var weights = new DenseWeights[sites];
        var streams = new Streaming[sites];
        for (var site = 0; site < sites; site++)
        {
            weights[site] = DenseWeights.Pack(arena, width, width, matrix, DenseMode.Replace, type);
            streams[site] = new Streaming(parallel);
            streams[site].Add(weights[site].W, bytes);
        }

        var x = Floats((long)rows * width);
        var y = Floats((long)rows * width);
        var workspace = Floats(1024);
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            Rounds / 4,
            () => Dense.Apply(x, width, y, width, [new DenseSegment(0, rows, weights[kernelSite++ % sites])], workspace, parallel),
            () => streams[streamSite++ % sites].Run());
        Report($"Dense {rows} rows, {type}", bytes, 2.0 * rows * width * width, times);
        Free(x, y, workspace);
    }

    /// <summary>One matrix of 32 elements for each row and column.</summary>
    private static void SparseAt(SpinParallel parallel, int rows, WeightType type)
    {
        const int width = 2048, count = 32 * 2 * width;
        using var arena = new WeightArena();
        var bytes = (long)count * (type == WeightType.F32 ? 6 : 4);
        var sites = (int)(Footprint / bytes);
        var weights = new SparseWeights[sites];
        var streams = new Streaming[sites];
        for (var site = 0; site < sites; site++)
        {
            weights[site] = RandomSparse(arena, new Random(1), width, width, count, type);
            streams[site] = new Streaming(parallel);
            streams[site].Add(weights[site].Rows.Values, bytes - (2L * count));
            streams[site].Add(weights[site].Rows.Columns, 2L * count);
        }

        var x = Floats((long)rows * width);
        var y = Floats((long)rows * width);
        var workspace = Floats((Sparse.WorkspaceBytes(rows, 1, width) / 4) + 16);
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            Rounds / 4,
            () => Sparse.Add(x, width, y, width, [new SparseSegment(0, rows, weights[kernelSite++ % sites])], workspace, parallel),
            () => streams[streamSite++ % sites].Run());
        Report($"Sparse {rows} rows, {count} elements, {type}", bytes, 2.0 * rows * count, times);
        Free(x, y, workspace);
    }

    /// <summary>32 rows with a matrix of 1 % each.</summary>
    private static void SparseMany(SpinParallel parallel, int inFeatures, int outFeatures, WeightType type)
    {
        const int rows = 32;
        using var arena = new WeightArena();
        var count = inFeatures * outFeatures / 100;
        var bytes = (long)rows * count * (type.ElementBytes() + sizeof(ushort));
        var sites = (int)Math.Max(2, Footprint / bytes);
        var (segments, streams) = (new SparseSegment[sites][], new Streaming[sites]);
        for (var site = 0; site < sites; site++)
        {
            (segments[site], streams[site]) = (new SparseSegment[rows], new Streaming(parallel));
            for (var row = 0; row < rows; row++)
            {
                var weights = RandomSparse(arena, new Random((site * rows) + row), inFeatures, outFeatures, count, type);
                segments[site][row] = new SparseSegment(row, row + 1, weights);
                streams[site].Add(weights.Rows.Values, (long)count * type.ElementBytes());
                streams[site].Add(weights.Rows.Columns, (long)count * sizeof(ushort));
            }
        }

        float* x = Floats((long)rows * inFeatures), y = Floats((long)rows * outFeatures);
        var workspace = Floats((Sparse.WorkspaceBytes(rows, rows, inFeatures) / 4) + 16);
        var (kernelSite, streamSite) = (0, sites / 2);
        var times = Timing.Interleave(
            Rounds / 4,
            () => Sparse.Add(x, inFeatures, y, outFeatures, segments[kernelSite++ % sites], workspace, parallel),
            () => streams[streamSite++ % sites].Run());
        Report($"Sparse {rows} rows and matrices, {inFeatures} -> {outFeatures}, {type}", bytes, 2.0 * rows * count, times);
        Free(x, y, workspace);
    }

    private static SparseWeights RandomSparse(WeightArena arena, Random random, int inFeatures, int outFeatures, int count, WeightType type)
    {
        var places = Enumerable.Range(0, count).Select(_ => random.Next(inFeatures * outFeatures)).Order().ToArray();
        var (outputs, inputs) = (Array.ConvertAll(places, place => place / inFeatures), Array.ConvertAll(places, place => place % inFeatures));
        return SparseWeights.Pack(arena, inFeatures, outFeatures, outputs, inputs, new float[count], type);
    }

    /// <summary>A table of every row and factors of rank 16 for as many tokens; each row another token. The bytes are those that the tokens read.</summary>
    private static void EmbeddingAt(SpinParallel parallel, int rows, WeightType type)
    {
        const int width = 2048, rank = 16, vocabulary = 1 << 13;
        using var arena = new WeightArena();
        var random = new Random(1);
        var halves = type == WeightType.BF16;
        int[] all = [.. Enumerable.Range(0, vocabulary)];
        EmbeddingRowsWeights replaced = halves
            ? ReplacedRows.Pack(arena, vocabulary, width, all, new ushort[vocabulary * width])
            : ReplacedRows.Pack(arena, vocabulary, width, all, new float[vocabulary * width]);
        EmbeddingRowsWeights lowRank = halves
            ? LowRankRows.Pack(arena, rank, vocabulary, width, new ushort[rank * vocabulary], new ushort[width * rank], 1)
            : LowRankRows.Pack(arena, rank, vocabulary, width, new float[rank * vocabulary], new float[width * rank], 1);
        var ids = (long*)NativeMemory.AlignedAlloc((nuint)rows * sizeof(long), 64);
        var y = Floats((long)rows * width);
        var workspace = Floats(64);
        var stream = new Streaming(parallel);
        stream.Add(y, (long)rows * width * 4);
        foreach (var (name, weights) in new[] { ("replaced", replaced), ("rank 16", lowRank) })
        {
            var times = Timing.Interleave(
                Rounds,
                () =>
                {
                    for (var row = 0; row < rows; row++)
                    {
                        ids[row] = random.Next(vocabulary);
                    }

                    EmbeddingRows.Apply(ids, y, width, [new EmbeddingSegment(0, rows, weights)], workspace, parallel);
                },
                () => stream.Run());
            Report($"Embedding {rows} rows, {name}, {type}", (long)rows * width * 4, weights == replaced ? 0 : 2.0 * rows * rank * width, times);
        }

        Free((float*)ids, y, workspace);
    }

    private static void VectorsAt(SpinParallel parallel, int rows)
    {
        const int width = 2048;
        using var arena = new WeightArena();
        var ones = new float[width];
        Array.Fill(ones, 1);
        var scale = VectorWeights.Pack(arena, FormKind.OutputScale, width, width, ones);
        var bias = VectorWeights.Pack(arena, FormKind.OutputBias, width, width, new float[width]);
        var norm = RmsNormWeights.Pack(arena, 1e-5f, ones);
        var x = Floats((long)rows * width);
        var y = Floats((long)rows * width);
        var workspace = Floats(64);
        var stream = new Streaming(parallel);
        stream.Add(y, (long)rows * width * 4);
        var times = Timing.Interleave(
            Rounds,
            () => ChannelScale.Apply(y, width, [new VectorSegment(0, rows, scale)], workspace, parallel),
            () => ChannelBias.Add(y, width, [new VectorSegment(0, rows, bias)], workspace, parallel),
            () => RmsNorm.Apply(x, y, width, [new RmsNormSegment(0, rows, norm)], workspace, parallel),
            () => stream.Run());
        foreach (var (name, at) in new[] { ("Scale", 0), ("Bias", 1), ("RmsNorm", 2) })
        {
            Report($"{name} {rows} rows", (long)rows * width * 4, (double)rows * width, [times[at], times[3]]);
        }

        Free(x, y, workspace);
    }

    /// <summary>Load time of an adapter of 17 MB: rank 16 over 130 sites of width 2048.</summary>
    private static void Packing()
    {
        const int width = 2048, rank = 16, sites = 66;
        var factor = new ushort[rank * width];
        var times = Timing.Interleave(20, () =>
        {
            using var arena = new WeightArena();
            for (var i = 0; i < sites; i++)
            {
                LowRankWeights.Pack(arena, rank, width, width, factor, factor, 1, WeightType.BF16);
            }
        });
        Console.WriteLine($"{"Pack 17 MB of bf16 rank-16 factors",-58} {times[0].Median,9:F1} ({times[0].Least:F1})");
    }

    internal static void Report(string name, long bytes, double flops, (double Median, double Least)[] times)
    {
        var (kernel, stream) = (times[0], times[1]);
        Console.WriteLine(
            $"{name,-58} {kernel.Median,9:F1} ({kernel.Least,8:F1})  stream {stream.Median,8:F1} ({stream.Least,8:F1})  ratio {kernel.Median / stream.Median,6:F2}"
            + $"  {bytes / kernel.Median / 1e3,5:F1} GB/s {flops / kernel.Median / 1e3,6:F1} GFLOP/s");
    }

    internal static Span<int> Iota(int* values, int count)
    {
        for (var i = 0; i < count; i++)
        {
            values[i] = i;
        }

        return new Span<int>(values, count);
    }

    internal static float* Floats(long count)
    {
        var memory = (float*)NativeMemory.AlignedAlloc((nuint)count * 4, 64);
        new Span<float>(memory, (int)count).Fill(0.01f);
        return memory;
    }

    internal static void Free(params float*[] buffers)
    {
        foreach (var buffer in buffers)
        {
            NativeMemory.AlignedFree(buffer);
        }
    }
}
