using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: the columns [first, first + count) of W R, column h being W x[h - first] with x[h - first] = R e_h: what a change of the input
/// makes of the weight.
/// <b>Shapes</b>: W [O, H], x [count, H], row-major. <b>Layout</b>: the result stands as W does, at <c>target</c>, which has W's size and must not
/// overlap it.
/// <b>Units, dtype</b>: f32; one chain of multiply-adds over those k where x is not 0, in their order.
/// <b>Effects</b>: no allocation. <b>Source</b>: ours: rotations are mostly zero, so only runs of other values are multiplied.
/// </summary>
public static unsafe class InputMerge
{
    public static void Columns(FusableLinear linear, float* x, int first, int count, float* target, IParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(linear);
        ArgumentNullException.ThrowIfNull(parallel);
        Shape.RequireRange("InputMerge", "columns", 0, linear.InFeatures - first + 1L, count);
        var call = new Call
        {
            W = linear.W, X = x, Target = target, First = first, Count = count, InFeatures = linear.InFeatures, OutFeatures = linear.OutFeatures,
        };
        SimdDispatch.Run(ref call, parallel);
    }

    private struct Call : ISimdCall
    {
        public float* W;
        public float* X;
        public float* Target;
        public int First;
        public int Count;
        public int InFeatures;
        public int OutFeatures;

        public void Run<TLanes>(IParallel parallel)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            fixed (Call* state = &this)
            {
                parallel.For((OutFeatures + Packing.PanelWidth - 1) / Packing.PanelWidth, &Task<TLanes>, state);
            }
        }

        private static void Task<TLanes>(void* state, int task)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            ref var call = ref *(Call*)state;
            var output = task * Packing.PanelWidth;
            var width = Packing.WidthAt(output, call.OutFeatures);
            var start = (nint)output * call.InFeatures;
            var panel = new Panel
            {
                BlockStride = Packing.Lanes,
                DepthStride = width,
                Blocks = width / Packing.Lanes,
                XStride = call.InFeatures,
                Rows = 1,
                YStride = width,
                Accumulate = true,
            };
            for (var column = 0; column < call.Count; column++)
            {
                panel.Y = call.Target + start + ((nint)(call.First + column) * width);
                new Span<float>(panel.Y, width).Clear();
                call.AddRuns<TLanes>(ref panel, call.W + start, call.X + ((nint)column * call.InFeatures), width);
            }
        }

        private readonly void AddRuns<TLanes>(ref Panel panel, float* w, float* x, int width)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var row = new ReadOnlySpan<float>(x, InFeatures);
            for (var from = row.IndexOfAnyExcept(0f); from >= 0 && from < InFeatures;)
            {
                var length = row[from..].IndexOf(0f);
                panel.Depth = length < 0 ? InFeatures - from : length;
                panel.X = x + from;
                panel.W = w + ((nint)from * width);
                panel.Run<TLanes, F32Element>();
                var next = row[(from + panel.Depth)..].IndexOfAnyExcept(0f);
                from = next < 0 ? InFeatures : from + panel.Depth + next;
            }
        }
    }
}
