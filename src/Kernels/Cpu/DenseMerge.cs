using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: W = D, or W = keep W + scale D. <b>Shapes</b>: W and D [O, H]. <b>Units, dtype, layout</b>: W f32, D f32 or bf16, both in
/// panels, so that it goes element by element. <b>Effects</b>: W in place; no allocation. <b>Errors</b>: <see cref="ArgumentException"/> where H or O
/// differ. <b>Source</b>: ours.
/// </summary>
public static unsafe class DenseMerge
{
    public static void Apply(FusableLinear linear, DenseWeights weights, IParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(linear);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(parallel);
        Shape.Require("DenseMerge", "in features of the weights", linear.InFeatures, weights.InFeatures);
        Shape.Require("DenseMerge", "out features of the weights", linear.OutFeatures, weights.OutFeatures);
        var replaces = weights.Mode == DenseMode.Replace;
        var call = new Call
        {
            W = linear.W,
            D = weights.W,
            Elements = (nint)Packing.PanelElements(linear.OutFeatures, linear.InFeatures),
            Keep = replaces ? 0 : weights.Keep,
            Scale = replaces ? 1 : weights.Scale,
            Type = weights.Type,
        };
        SimdDispatch.Run(ref call, parallel);
    }

    private struct Call : ISimdCall
    {
        private const int TaskElements = 1 << 16;

        public float* W;
        public void* D;
        public nint Elements;
        public float Keep;
        public float Scale;
        public WeightType Type;

        public void Run<TLanes>(IParallel parallel)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            fixed (Call* state = &this)
            {
                delegate*<void*, int, void> task = Type == WeightType.F32 ? &Task<TLanes, F32Element> : &Task<TLanes, BF16Element>;
                parallel.For((int)((Elements + TaskElements - 1) / TaskElements), task, state);
            }
        }

        private static void Task<TLanes, TElement>(void* state, int task)
            where TLanes : unmanaged, ILanes<TLanes>
            where TElement : IElement
        {
            var call = *(Call*)state;
            var (keep, scale) = (TLanes.Broadcast(call.Keep), TLanes.Broadcast(call.Scale));
            var end = Math.Min(call.Elements, ((nint)task + 1) * TaskElements);
            for (var i = (nint)task * TaskElements; i < end; i += Packing.Lanes)
            {
                var delta = TLanes.Multiply(TElement.Load<TLanes>(call.D, i), scale);
                // A weight that is replaced may be infinite.
                TLanes.Store(call.Keep == 0 ? delta : TLanes.MultiplyAdd(TLanes.Load(call.W + i), keep, delta), call.W + i);
            }
        }
    }
}
