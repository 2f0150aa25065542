using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, with h[t] = x[t], y[t], x[t] + y[t] or normed[t] and everything but D and U optional:
/// v = scale * c o (U f(conv(D before(h[t, in slice]) + d)) + u), y[t, out slice] += after(v), or y[t, out slice] = after(y[t, out slice] + v). Rows
/// in no segment are not touched, not even read.
/// The convolution runs over the tokens of each sequence, continues from its state and leaves the state for the next step.
/// <b>Shapes</b>: <see cref="BottleneckParts"/>, <see cref="BottleneckOperands"/>; segments may come in any order, leave gaps, and not overlap.
/// <b>Units, dtype, layout</b>: weights f32, bf16 or bits; sums in f32. A row's result has the same bits whatever its neighbours, its place, the
/// number of threads, the split,
/// and the steps in which a sequence's rows came.
/// <b>Effects</b>: y in place, must not overlap x or normed; no allocation; the caller keeps the weights' arenas and the states alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have other widths, its rows run backwards, an operand that it reads is
/// null, or a state is missing.
/// <b>Source</b>: ours; the forms that it covers are those of arXiv:1902.00751, 2005.00052, 2205.13535 and 2110.04366.
/// </summary>
public static unsafe class Bottleneck
{
    /// <summary>Bytes of workspace that these segments need.</summary>
    public static long WorkspaceBytes(ReadOnlySpan<BottleneckSegment> segments)
    {
        var bytes = ((long)segments.Length * sizeof(BottleneckWork)) + BottleneckScratch.Alignment;
        foreach (var segment in segments)
        {
            bytes += BottleneckScratch.Floats(segment.Weights, segment.RowEnd - segment.RowStart) * sizeof(float);
        }

        return bytes;
    }

    public static void Add(
        in BottleneckOperands operands, ReadOnlySpan<BottleneckSegment> segments, ReadOnlySpan<SequenceRows> sequences, void* workspace,
        IParallel parallel)
    {
        fixed (SequenceRows* rows = sequences)
        {
            var call = new BottleneckCall(operands, rows, (BottleneckWork*)workspace);
            call.Plan(segments, sequences.Length);
            SimdDispatch.Run(ref call, parallel);
        }
    }
}
