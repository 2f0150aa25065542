using AdapterServe.Kernels.Simd;

namespace AdapterServe.Kernels.Cpu;

/// <summary>What a vector form does to an element, in lanes and alone, with the same bits.</summary>
internal interface IVectorOperation
{
    static abstract TLanes Apply<TLanes>(TLanes y, TLanes v)
        where TLanes : unmanaged, ILanes<TLanes>;

    static abstract float Apply(float y, float v);
}
