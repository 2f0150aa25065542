using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Cpu;

/// <summary>
/// <b>Semantics</b>: W += scale * B A. <b>Shapes</b>: W [O, H], A [R, H], B [O, R], without a gate.
/// <b>Units, dtype, layout</b>: W f32, A and B f32 or bf16; each element is one chain of multiply-adds in the order of R that begins with the weight.
/// <b>Effects</b>: W in place; no allocation. <b>Errors</b>: <see cref="ArgumentException"/> where H or O differ. <b>Source</b>: ours: a panel of W
/// is a product's output of H rows, and B has that product's layout already.
/// </summary>
public static unsafe class LowRankMerge
{
    /// <summary>A transposed and scaled, [H, R].</summary>
    public static long WorkspaceBytes(LowRankWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        return (long)weights.InFeatures * weights.Rank * sizeof(float);
    }

    public static void Add(FusableLinear linear, LowRankWeights weights, void* workspace, IParallel parallel)
    {
        ArgumentNullException.ThrowIfNull(linear);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(parallel);
        Shape.Require("LowRankMerge", "in features of the weights", linear.InFeatures, weights.InFeatures);
        Shape.Require("LowRankMerge", "out features of the weights", linear.OutFeatures, weights.OutFeatures);
        Turn(weights, (float*)workspace);
        var call = new Call
        {
            W = linear.W,
            B = weights.B,
            A = (float*)workspace,
            InFeatures = linear.InFeatures,
            OutFeatures = linear.OutFeatures,
            Rank = weights.Rank,
            Type = weights.Type,
        };
        SimdDispatch.Run(ref call, parallel);
    }

    private static void Turn(LowRankWeights weights, float* target)
    {
        for (var rank = 0; rank < weights.Rank; rank++)
        {
            var group = rank / Packing.RankGroup * Packing.RankGroup;
            var count = Math.Min(Packing.RankGroup, weights.Rank - group);
            var first = ((nint)group * Packing.RoundUp(weights.InFeatures)) + ((rank - group) * Packing.Lanes);
            for (var column = 0; column < weights.InFeatures; column++)
            {
                var at = first + ((nint)column / Packing.Lanes * count * Packing.Lanes) + (column % Packing.Lanes);
                var value = weights.Type == WeightType.F32 ? ((float*)weights.A)[at] : BF16.ToSingle(((ushort*)weights.A)[at]);
                target[((nint)column * weights.Rank) + rank] = weights.Scale * value;
            }
        }
    }

    private struct Call : ISimdCall
    {
        private const int RowsAtOnce = 64;

        public float* W;
        public void* B;
        public float* A;
        public int InFeatures;
        public int OutFeatures;
        public int Rank;
        public WeightType Type;

        public void Run<TLanes>(IParallel parallel)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            fixed (Call* state = &this)
            {
                delegate*<void*, int, void> task = Type == WeightType.F32 ? &Task<TLanes, F32Element> : &Task<TLanes, BF16Element>;
                parallel.For((OutFeatures + Packing.PanelWidth - 1) / Packing.PanelWidth, task, state);
            }
        }

        /// <summary>The inputs in chunks, so that a chunk of the panel is written while it is in the first cache.</summary>
        private static void Task<TLanes, TElement>(void* state, int task)
            where TLanes : unmanaged, ILanes<TLanes>
            where TElement : IElement
        {
            ref var call = ref *(Call*)state;
            var output = task * Packing.PanelWidth;
            var width = Packing.WidthAt(output, call.OutFeatures);
            var panel = new Panel
            {
                W = (byte*)call.B + TElement.BytesOf((nint)output * call.Rank),
                BlockStride = Packing.Lanes,
                DepthStride = width,
                Blocks = width / Packing.Lanes,
                Depth = call.Rank,
                XStride = call.Rank,
                YStride = width,
                Accumulate = true,
            };
            for (var row = 0; row < call.InFeatures; row += RowsAtOnce)
            {
                panel.Rows = Math.Min(RowsAtOnce, call.InFeatures - row);
                panel.X = call.A + ((nint)row * call.Rank);
                panel.Y = call.W + ((nint)output * call.InFeatures) + ((nint)row * width);
                panel.Run<TLanes, TElement>();
            }
        }
    }
}
