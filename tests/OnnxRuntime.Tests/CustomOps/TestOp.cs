using AdapterServe.OnnxRuntime.CustomOps;
using AdapterServe.OnnxRuntime.Values;

namespace AdapterServe.OnnxRuntime.Tests.CustomOps;

internal delegate void ComputeBody(in KernelContext context);

/// <summary>An op from f32 inputs to one f32 output whose parts are given by the test.</summary>
internal sealed class TestOp(string name, OpParameter[] inputs, Func<KernelInfo, ComputeBody> create, OpParameter? output = null)
    : CustomOp(name, inputs, [output ?? Float])
{
    public static readonly OpParameter Float = new(ElementType.Float32);

    public TestOp(string name, int inputs, ComputeBody compute)
        : this(name, Enumerable.Repeat(Float, inputs).ToArray(), info => compute)
    {
    }

    private int _live;

    /// <summary>Kernels made and not disposed.</summary>
    public int LiveKernels => _live;

    public Action<ShapeInference>? Infer { get; init; }

    public override CustomOpKernel CreateKernel(KernelInfo info) => new Kernel(this, create(info));

    protected internal override void InferShapes(ShapeInference shapes)
    {
        if (Infer is null)
        {
            base.InferShapes(shapes);
            return;
        }

        Infer(shapes);
    }

    private sealed class Kernel : CustomOpKernel
    {
        private readonly TestOp _op;
        private readonly ComputeBody _compute;

        public Kernel(TestOp op, ComputeBody compute)
        {
            _op = op;
            _compute = compute;
            Interlocked.Increment(ref op._live);
        }

        public override void Compute(in KernelContext context) => _compute(in context);

        protected override void Dispose(bool disposing)
        {
            Interlocked.Decrement(ref _op._live);
            base.Dispose(disposing);
        }
    }
}
