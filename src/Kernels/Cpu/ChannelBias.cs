using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: for every segment s and row t in it, y[t] += scale_s * c_s: <see cref="Weights.FormKind.OutputBias"/>. Rows in no segment are not touched.
/// <b>Shapes</b>: y [T, W], c_s [W]. <b>Units, dtype, layout</b>: f32 row-major, any alignment; one rounding for each element, two where the scale is not 1, the same on every path.
/// <b>Effects</b>: y in place; no allocation; the caller keeps the weights' arenas alive.
/// <b>Errors</b>: <see cref="ArgumentException"/> when a segment's weights have another width or its rows run backwards.
/// <b>Source</b>: ours.
/// </summary>
public static unsafe class ChannelBias
{
    public static long WorkspaceBytes(int segments) => (long)segments * sizeof(VectorWork);

    public static void Add(float* y, int width, ReadOnlySpan<VectorSegment> segments, void* workspace, IParallel parallel)
    {
        var call = new VectorCall<Sum>(y, width, (VectorWork*)workspace);
        call.Plan(nameof(ChannelBias), segments);
        SimdDispatch.Run(ref call, parallel);
    }

    private readonly struct Sum : IVectorOperation
    {
        public static TLanes Apply<TLanes>(TLanes y, TLanes v)
            where TLanes : unmanaged, ILanes<TLanes> => TLanes.Add(y, v);

        public static float Apply(float y, float v) => y + v;
    }
}
