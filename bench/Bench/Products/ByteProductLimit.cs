using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AdapterServe.Bench.Kernels;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Simd;

namespace AdapterServe.Bench.Products;

/// <summary>Multiplies bytes and adds, nothing else, from registers: what no product that is written with these instructions can beat.</summary>
internal sealed unsafe class ByteProductLimit(SpinParallel parallel) : IByteSimdCall
{
    private const int Loops = 20_000;
    private const int ProductsPerLoop = 8;
    private const int MultiplyAddsPerProduct = 64;

    /// <summary>Multiply-adds a second, of the fastest of many short runs.</summary>
    public static double PerSecond(int threads)
    {
        using var parallel = new SpinParallel(threads);
        var limit = new ByteProductLimit(parallel);
        var least = Timing.Interleave(50, () =>
        {
            var call = new Call(limit);
            SimdDispatch.RunBytes(ref call, parallel);
        })[0].Least;
        return (double)Loops * ProductsPerLoop * MultiplyAddsPerProduct * threads / least * 1e6;
    }

    public void Run<TLanes, TBytes>(IParallel shared)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes> => parallel.For(parallel.Threads, &Task<TLanes, TBytes>, null);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Task<TLanes, TBytes>(void* state, int task)
        where TLanes : unmanaged, ILanes<TLanes>
        where TBytes : unmanaged, IByteLanes<TBytes, TLanes>
    {
        var memory = (byte*)NativeMemory.AlignedAlloc(64 * 16, 64);
        NativeMemory.Fill(memory, 64 * 16, 1);
        TBytes x0 = TBytes.Load(memory), x1 = TBytes.Load(memory + 64);
        TBytes s0 = x0, s1 = x0, s2 = x0, s3 = x0, s4 = x1, s5 = x1, s6 = x1, s7 = x1;
        for (var i = 0; i < Loops; i++)
        {
            var at = memory + (i % 2 * 256);
            TBytes w0 = TBytes.Load(at), w1 = TBytes.Load(at + 64), w2 = TBytes.Load(at + 128), w3 = TBytes.Load(at + 192);
            TBytes p0 = TBytes.MultiplyPairs(w0, x0), p1 = TBytes.MultiplyPairs(w1, x0);
            TBytes p2 = TBytes.MultiplyPairs(w2, x0), p3 = TBytes.MultiplyPairs(w3, x0);
            (s0, s1, s2, s3) = (TBytes.AddShorts(p0, s0), TBytes.AddShorts(p1, s1), TBytes.AddShorts(p2, s2), TBytes.AddShorts(p3, s3));
            (p0, p1) = (TBytes.MultiplyPairs(w0, x1), TBytes.MultiplyPairs(w1, x1));
            (p2, p3) = (TBytes.MultiplyPairs(w2, x1), TBytes.MultiplyPairs(w3, x1));
            (s4, s5, s6, s7) = (TBytes.AddShorts(p0, s4), TBytes.AddShorts(p1, s5), TBytes.AddShorts(p2, s6), TBytes.AddShorts(p3, s7));
        }

        var first = TBytes.AddShorts(TBytes.AddShorts(s0, s1), TBytes.AddShorts(s2, s3));
        var second = TBytes.AddShorts(TBytes.AddShorts(s4, s5), TBytes.AddShorts(s6, s7));
        TBytes.Store(TBytes.AddShorts(first, second), memory);
        NativeMemory.AlignedFree(memory);
    }

    private struct Call(ByteProductLimit limit) : IByteSimdCall
    {
        public readonly void Run<TLanes, TBytes>(IParallel parallel)
            where TLanes : unmanaged, ILanes<TLanes>
            where TBytes : unmanaged, IByteLanes<TBytes, TLanes> => limit.Run<TLanes, TBytes>(parallel);
    }
}
