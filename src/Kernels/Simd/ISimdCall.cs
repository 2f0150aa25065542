using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Kernels.Simd;

/// <summary>A kernel's call whose work is written over lanes.</summary>
internal interface ISimdCall
{
    void Run<TLanes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>;
}
