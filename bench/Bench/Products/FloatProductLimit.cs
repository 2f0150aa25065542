using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AdapterServe.Bench.Kernels;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Bench.Products;

/// <summary>Multiplies floats and adds, nothing else, from registers.</summary>
internal static unsafe class FloatProductLimit
{
    private const int Loops = 20_000;
    private const int ProductsPerLoop = 12;
    private const int Lanes = 16;

    /// <summary>Multiply-adds a second, of the fastest of many short runs.</summary>
    public static double PerSecond(int threads)
    {
        using var parallel = new SpinParallel(threads);
        var call = default(Call);
        var least = Timing.Interleave(50, () => SimdDispatch.Run(ref call, parallel))[0].Least;
        return (double)Loops * ProductsPerLoop * Lanes * threads / least * 1e6;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Task<TLanes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var memory = (float*)NativeMemory.AlignedAlloc(2 * Lanes * sizeof(float), 64);
        new Span<float>(memory, 2 * Lanes).Fill(1e-3f);
        TLanes a = TLanes.Load(memory), b = TLanes.Load(memory + Lanes);
        TLanes s0 = a, s1 = a, s2 = a, s3 = a, s4 = a, s5 = a, s6 = b, s7 = b, s8 = b, s9 = b, s10 = b, s11 = b;
        for (var i = 0; i < Loops; i++)
        {
            (s0, s1, s2) = (TLanes.MultiplyAdd(a, b, s0), TLanes.MultiplyAdd(a, b, s1), TLanes.MultiplyAdd(a, b, s2));
            (s3, s4, s5) = (TLanes.MultiplyAdd(a, b, s3), TLanes.MultiplyAdd(a, b, s4), TLanes.MultiplyAdd(a, b, s5));
            (s6, s7, s8) = (TLanes.MultiplyAdd(a, b, s6), TLanes.MultiplyAdd(a, b, s7), TLanes.MultiplyAdd(a, b, s8));
            (s9, s10, s11) = (TLanes.MultiplyAdd(a, b, s9), TLanes.MultiplyAdd(a, b, s10), TLanes.MultiplyAdd(a, b, s11));
        }

        s0 = TLanes.MultiplyAdd(s0, s1, TLanes.MultiplyAdd(s2, s3, TLanes.MultiplyAdd(s4, s5, s6)));
        s7 = TLanes.MultiplyAdd(s7, s8, TLanes.MultiplyAdd(s9, s10, s11));
        TLanes.Store(TLanes.MultiplyAdd(s0, s7, a), memory);
        NativeMemory.AlignedFree(memory);
    }

    private readonly struct Call : ISimdCall
    {
        public void Run<TLanes>(IParallel parallel)
            where TLanes : unmanaged, ILanes<TLanes> => parallel.For(parallel.Threads, &Task<TLanes>, null);
    }
}
