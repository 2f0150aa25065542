using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AdapterServe.Bench.Kernels;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Bench.Fused;

/// <summary>
/// What writing an adapter into one matrix costs: single weights set or exchanged (SHiRA), W += B A in place, and W + B A computed densely into a new
/// matrix, as a library of tensors does it. Each has a matrix of its own, so that none finds in the caches what another has left there.
/// </summary>
internal sealed unsafe class SwitchBenchmark : IDisposable
{
    private const int Rank = 16;
    private const int Tasks = 64;
    private readonly WeightArena _arena = new();
    private readonly SpinParallel _parallel;
    private readonly int _width;
    private readonly LowRankWeights _lowRank;
    private readonly void* _workspace;
    private readonly List<FusableLinear> _matrices = [];

    private SwitchBenchmark(int threads, int width)
    {
        (_parallel, _width) = (new SpinParallel(threads), width);
        var random = new Random(1);
        float[] Factor() => [.. Enumerable.Range(0, Rank * width).Select(_ => random.NextSingle() - 0.5f)];
        _lowRank = LowRankWeights.Pack(_arena, Rank, width, width, Factor(), Factor(), 1, WeightType.F32);
        _workspace = _arena.Allocate(LowRankMerge.WorkspaceBytes(_lowRank));
    }

    public static void Run(int threads, int width, int rounds)
    {
        using var benchmark = new SwitchBenchmark(threads, width);
        foreach (var percent in new[] { 1, 2 })
        {
            benchmark.Measure(percent / 100.0, rounds);
        }
    }

    public void Dispose()
    {
        _matrices.ForEach(matrix => matrix.Dispose());
        _parallel.Dispose();
        _arena.Dispose();
    }

    private void Measure(double share, int rounds)
    {
        using var arena = new WeightArena();
        var sparse = Sparse(arena, share);
        SparseMerge set = new(Matrix(), sparse), exchange = new(Matrix(), sparse);
        set.Add(_parallel);
        var (added, recomputed) = (Matrix(), Matrix());
        var times = Timing.Interleave(
            rounds,
            () => set.Restore(_parallel),
            () => LowRankMerge.Add(added, _lowRank, _workspace, _parallel),
            () => exchange.Add(_parallel),
            () => Recompute(recomputed));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{_width} x {_width}, {set.Count} weights ({share:P0}), rank {Rank}, {_parallel.Threads} threads"));
        Console.WriteLine("                          µs median   (least)   set is faster by   exchange is faster by   (of the least)");
        string[] names = ["set", "W += B A in place", "exchange", "W + B A, new matrices"];
        for (var i = 0; i < names.Length; i++)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {names[i],-22}  {times[i].Median,9:F0}  {times[i].Least,8:F0}"
                + $"   {times[i].Least / times[0].Least,16:F1}   {times[i].Least / times[2].Least,21:F1}"));
        }
    }

    private SparseWeights Sparse(WeightArena arena, double share)
    {
        var random = new Random(2);
        var places = new HashSet<long>();
        while (places.Count < (int)(share * _width * _width))
        {
            places.Add(random.NextInt64((long)_width * _width));
        }

        int[] rows = [.. places.Select(place => (int)(place / _width))], columns = [.. places.Select(place => (int)(place % _width))];
        return SparseWeights.Pack(arena, _width, _width, rows, columns, new float[rows.Length], WeightType.F32);
    }

    private FusableLinear Matrix()
    {
        var matrix = new FusableLinear(_width, _width);
        var rows = new float[FusableLinear.RowsAtOnce * _width];
        Array.Fill(rows, 0.01f);
        for (var row = 0; row < _width; row += FusableLinear.RowsAtOnce)
        {
            matrix.Load(row, rows);
        }

        _matrices.Add(matrix);
        return matrix;
    }

    /// <summary>B A into a new matrix, then W + B A into another.</summary>
    private void Recompute(FusableLinear w)
    {
        using var product = new FusableLinear(_width, _width);
        LowRankMerge.Add(product, _lowRank, _workspace, _parallel);
        var sum = (float*)NativeMemory.AlignedAlloc((nuint)_width * (nuint)_width * sizeof(float), 64);
        var call = new Sum { A = w.W, B = product.W, Target = sum, Piece = (nint)_width * _width / Tasks };
        _parallel.For(Tasks, &Add, &call);
        NativeMemory.AlignedFree(sum);
    }

    private static void Add(void* state, int task)
    {
        var call = *(Sum*)state;
        var start = task * call.Piece;
        for (nint i = start; i < start + call.Piece; i += Vector512<float>.Count)
        {
            (Vector512.Load(call.A + i) + Vector512.Load(call.B + i)).Store(call.Target + i);
        }
    }

    private struct Sum
    {
        public float* A;
        public float* B;
        public float* Target;
        public nint Piece;
    }
}
