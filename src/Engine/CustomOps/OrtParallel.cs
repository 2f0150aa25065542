using AdapterServe.Kernels.Parallelism;
using AdapterServe.OnnxRuntime.CustomOps;

namespace AdapterServe.Engine.CustomOps;

/// <summary>Gives kernels ONNX Runtime's own threads, those that the base's ops use too. One node runs at a time, so one object serves all.</summary>
internal sealed unsafe class OrtParallel(int threads) : IParallel
{
    private KernelContext _context;

    public int Threads => threads;

    public OrtParallel In(in KernelContext context)
    {
        _context = context;
        return this;
    }

    public void For(int tasks, delegate*<void*, int, void> body, void* state) => _context.ParallelFor(tasks, body, state);
}
