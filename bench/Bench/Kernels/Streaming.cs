using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AdapterServe.Kernels.Parallelism;

namespace AdapterServe.Bench.Kernels;

/// <summary>Reads memory and does nothing with it: the time that no kernel over the same bytes can beat.</summary>
internal sealed unsafe class Streaming(IParallel parallel)
{
    private const int Piece = 64 << 10;
    private readonly List<(nint Start, long Bytes)> _pieces = [];

    public long Bytes { get; private set; }

    public void Add(void* start, long bytes)
    {
        Bytes += bytes;
        for (long at = 0; at < bytes; at += Piece)
        {
            _pieces.Add(((nint)start + (nint)at, Math.Min(Piece, bytes - at)));
        }
    }

    /// <summary>What this machine reads from memory, over a buffer far beyond its caches.</summary>
    public static double BytesPerSecond(int threads)
    {
        const long buffer = 512L << 20;
        var memory = NativeMemory.AlignedAlloc((nuint)buffer, 64);
        NativeMemory.Fill(memory, (nuint)buffer, 1);
        using var parallel = new SpinParallel(threads);
        var stream = new Streaming(parallel);
        stream.Add(memory, buffer);
        var microseconds = Timing.Interleave(5, stream.Run)[0].Median;
        NativeMemory.AlignedFree(memory);
        return buffer / microseconds * 1e6;
    }

    public void Run()
    {
        fixed ((nint, long)* pieces = CollectionsMarshal.AsSpan(_pieces))
        {
            var state = new State { Pieces = pieces, Count = _pieces.Count, Tasks = parallel.Threads * 4 };
            parallel.For(state.Tasks, &Task, &state);
        }
    }

    private static void Task(void* state, int task)
    {
        ref var work = ref *(State*)state;
        for (var i = task * work.Count / work.Tasks; i < (task + 1) * work.Count / work.Tasks; i++)
        {
            work.Sink = Sum((byte*)work.Pieces[i].Start, work.Pieces[i].Bytes);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Sum(byte* start, long bytes)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (long at = 0; at + 128 <= bytes; at += 128)
        {
            a += Vector256.Load((int*)(start + at));
            b += Vector256.Load((int*)(start + at + 32));
            c += Vector256.Load((int*)(start + at + 64));
            d += Vector256.Load((int*)(start + at + 96));
        }

        return Vector256.Sum(a + b + c + d);
    }

    private struct State
    {
        public (nint Start, long Bytes)* Pieces;
        public int Count;
        public int Tasks;
        public int Sink;
    }
}
