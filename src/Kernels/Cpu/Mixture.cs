using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, with h[t] = x[t], y[t] or x[t] + y[t] and b_i the i-th bottleneck of h[t]:
/// y[t] = carry y[t] + sum factor_i b_i, or y[t] += V (sum p_i b_i), p = softmax_i((Q q + c) . (K b_i)), q = h[t] or y[t]. Rows in no segment are not touched, not even read.
/// <b>Shapes</b>: <see cref="BottleneckOperands"/> with as many input as output features; segments may come in any order, leave gaps, and not overlap.
/// <b>Units, dtype, layout</b>: f32; sums in f32. A row's result has the same bits whatever its neighbours, its place, the number of threads and the split.
/// <b>Effects</b>: y in place, must not overlap x; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another width or no bottleneck, its rows run backwards, or an operand that it reads is null.
/// <b>Source</b>: ours; the attention is that of arXiv:2005.00247.
/// </summary>
public static unsafe class Mixture
{
    private const int Alignment = 64;

    /// <summary>Bytes of workspace that these segments need; they run one after the other.</summary>
    public static long WorkspaceBytes(ReadOnlySpan<MixtureSegment> segments)
    {
        var bytes = 0L;
        foreach (var segment in segments)
        {
            var rows = segment.RowEnd - segment.RowStart;
            bytes = Math.Max(bytes, (new MixtureScratch(segment.Weights, rows).Floats * sizeof(float)) + KernelBytes(segment.Weights, rows) + Alignment);
        }

        return bytes;
    }

    public static void Apply(in BottleneckOperands operands, ReadOnlySpan<MixtureSegment> segments, void* workspace, IParallel parallel)
    {
        foreach (var segment in segments)
        {
            Require(operands, segment);
            if (segment.RowEnd > segment.RowStart)
            {
                Apply(operands, segment, (float*)(((nint)workspace + Alignment - 1) & -Alignment), parallel);
            }
        }
    }

    private static void Apply(in BottleneckOperands operands, in MixtureSegment segment, float* memory, IParallel parallel)
    {
        var (weights, rows, width) = (segment.Weights, segment.RowEnd - segment.RowStart, operands.OutFeatures);
        var scratch = new MixtureScratch(weights, rows);
        var offset = (nint)segment.RowStart * width;
        var call = new MixtureCall(weights, operands.X == null ? null : operands.X + offset, operands.Y + offset, rows, scratch, memory);
        var workspace = memory + scratch.Floats;
        Run(ref call, MixturePhase.Gather, parallel);
        for (var child = 0; child < weights.Children.Length; child++)
        {
            var part = new BottleneckSegment(0, rows, weights.Children[child]);
            var own = new BottleneckOperands { X = call.H, Y = call.Output(child), InFeatures = width, OutFeatures = width };
            Bottleneck.Add(own, new ReadOnlySpan<BottleneckSegment>(in part), [], workspace, parallel);
        }

        if (weights.HasAttention)
        {
            call.Query = Query(weights, weights.QueriesOutput ? operands.Y + offset : call.H, call, rows, workspace, parallel);
        }

        Run(ref call, MixturePhase.Mix, parallel);
        if (weights.Value is { } value)
        {
            var whole = new DenseSegment(0, rows, value);
            Dense.Apply(call.Mixed, width, operands.Y + offset, width, new ReadOnlySpan<DenseSegment>(in whole), workspace, parallel);
        }
    }

    /// <summary>Kt (Q q + c), where it lies.</summary>
    private static float* Query(MixtureWeights weights, float* q, in MixtureCall call, int rows, void* workspace, IParallel parallel)
    {
        var width = weights.OutFeatures;
        if (weights.Query is { } query)
        {
            var whole = new DenseSegment(0, rows, query);
            Dense.Apply(q, width, call.Queried, width, new ReadOnlySpan<DenseSegment>(in whole), workspace, parallel);
            q = call.Queried;
        }

        if (weights.QueryBias is { } bias)
        {
            var whole = new VectorSegment(0, rows, bias);
            ChannelBias.Add(q, width, new ReadOnlySpan<VectorSegment>(in whole), workspace, parallel);
        }

        if (weights.Key is { } key)
        {
            var whole = new DenseSegment(0, rows, key);
            Dense.Apply(q, width, call.Keyed, width, new ReadOnlySpan<DenseSegment>(in whole), workspace, parallel);
            q = call.Keyed;
        }

        return q;
    }

    private static void Run(ref MixtureCall call, MixturePhase phase, IParallel parallel)
    {
        switch (SimdSupport.Path)
        {
            case SimdPath.Avx512:
                call.Run<Lanes512>(phase, parallel);
                break;
            case SimdPath.Avx2:
                call.Run<Lanes256>(phase, parallel);
                break;
            case SimdPath.Vector128:
                call.Run<Lanes128>(phase, parallel);
                break;
            default:
                call.Run<LanesScalar>(phase, parallel);
                break;
        }
    }

    private static long KernelBytes(MixtureWeights weights, int rows)
    {
        var bytes = Math.Max(Dense.WorkspaceBytes(1), ChannelBias.WorkspaceBytes(1));
        foreach (var child in weights.Children)
        {
            var segment = new BottleneckSegment(0, rows, child);
            bytes = Math.Max(bytes, Bottleneck.WorkspaceBytes(new ReadOnlySpan<BottleneckSegment>(in segment)));
        }

        return bytes;
    }

    private static void Require(in BottleneckOperands operands, in MixtureSegment segment)
    {
        Shape.RequireRange("Mixture", "row start", 0, int.MaxValue, segment.RowStart);
        Shape.RequireRange("Mixture", "row end", segment.RowStart, int.MaxValue, segment.RowEnd);
        Shape.Require("Mixture", "in features", operands.OutFeatures, operands.InFeatures);
        Shape.Require("Mixture", "width of the weights", operands.OutFeatures, segment.Weights.OutFeatures);
        Shape.RequireRange("Mixture", "bottlenecks", 1, int.MaxValue, segment.Weights.Children.Length);
        if (operands.X == null && segment.Weights.Input != BottleneckInput.Output && segment.RowEnd > segment.RowStart)
        {
            throw new ArgumentException($"Mixture: the weights read {segment.Weights.Input}, which the site does not offer.");
        }
    }
}
