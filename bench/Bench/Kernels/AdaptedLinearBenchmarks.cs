using System.Diagnostics;
using System.Globalization;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Bench.Kernels;

/// <summary>
/// The linears of some layers of a decoder (hidden 896, feed-forward 4,864, 14 heads of 64, 2 of keys and values) on weights of 4 bits, one after
/// another as in a step:
/// without adapters, with <see cref="LowRank"/> behind each product, and with both in one call.
/// A linear's least time of all rounds, summed up: a neighbour on the machine seldom meets the same one in each of them.
/// </summary>
internal sealed unsafe class AdaptedLinearBenchmarks : IDisposable
{
    private const int Layers = 6;
    private const int Hidden = 896;
    private const int Rank = 16;
    private const int Modes = 3;
    private static readonly (int In, int Out)[] s_shapes = [(Hidden, 896), (Hidden, 128), (Hidden, 128), (896, Hidden), (Hidden, 4864), (Hidden, 4864), (4864, Hidden)];
    private readonly WeightArena _arena = new();
    private readonly SpinParallel _parallel;
    private readonly int _rows;
    private readonly List<(BlockProductWeights Weights, LowRankSegment[] Segments)> _linears = [];
    private readonly float* _x;
    private readonly float* _y;
    private readonly float* _workspace;

    private AdaptedLinearBenchmarks(SpinParallel parallel, int rows, int distinct)
    {
        (_parallel, _rows) = (parallel, rows);
        for (var layer = 0; layer < Layers; layer++)
        {
            _linears.AddRange(s_shapes.Select(shape => Linear(shape.In, shape.Out, distinct)));
        }

        _x = KernelBenchmarks.Floats(rows * 4864L);
        _y = KernelBenchmarks.Floats(rows * 4864L);
        _workspace = KernelBenchmarks.Floats(8 << 20);
    }

    public static void Run(SpinParallel parallel, int rounds)
    {
        Console.WriteLine("linears of a layer, us, sum of the least  none  apart  ratio  together  ratio");
        foreach (var (rows, distinct) in new[] { (1, 1), (8, 1), (8, 8), (32, 1), (32, 32), (128, 1), (128, 4) })
        {
            using var benchmark = new AdaptedLinearBenchmarks(parallel, rows, distinct);
            benchmark.Measure(rounds / 8, $"{rows,3} rows, {distinct,2} adapters");
        }
    }

    public void Dispose() => _arena.Dispose();

    private void Measure(int rounds, string name)
    {
        var least = new double[Modes][];
        for (var mode = 0; mode < Modes; mode++)
        {
            least[mode] = [.. Enumerable.Repeat(double.MaxValue, _linears.Count)];
        }

        for (var round = 0; round < rounds; round++)
        {
            for (var mode = 0; mode < Modes; mode++)
            {
                for (var linear = 0; linear < _linears.Count; linear++)
                {
                    var started = Stopwatch.GetTimestamp();
                    Call(linear, mode);
                    least[mode][linear] = Math.Min(least[mode][linear], Stopwatch.GetElapsedTime(started).TotalMicroseconds);
                }
            }
        }

        var sums = Array.ConvertAll(least, own => own.Sum() / Layers);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}  {sums[0],8:F0}  {sums[1],8:F0} {sums[0] / sums[1]:F3}  {sums[2],8:F0} {sums[0] / sums[2]:F3}"));
    }

    private void Call(int index, int mode)
    {
        var (weights, segments) = _linears[index];
        var layout = weights.Layout;
        BlockQuantizedProduct.Apply(_x, _rows, weights, null, _y, mode == 2 ? segments : [], _workspace, _parallel);
        if (mode == 1)
        {
            LowRank.Add(_x, layout.InFeatures, _y, layout.OutFeatures, segments, _workspace, _parallel);
        }
    }

    private (BlockProductWeights Weights, LowRankSegment[] Segments) Linear(int inFeatures, int outFeatures, int distinct)
    {
        var layout = new BlockProductLayout(new BlockFormat(4, 32), inFeatures, outFeatures, hasZeroPoints: false);
        var weights = new BlockProductWeights(layout, (nint)_arena.Allocate(layout.Bytes));
        return (weights, [.. Enumerable.Range(0, distinct).Select(adapter => new LowRankSegment(
            _rows * adapter / distinct,
            _rows * (adapter + 1) / distinct,
            LowRankWeights.Pack(_arena, Rank, inFeatures, outFeatures, new float[Rank * inFeatures], new float[Rank * outFeatures], 0.5f, WeightType.BF16)))]);
    }
}
