using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Kernels.Simd;

/// <summary>A kernel's call whose work is written over lanes of bytes and of f32.</summary>
internal interface IByteSimdCall
{
    void Run<TLanes, TBytes>(IParallel parallel)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>;
}
