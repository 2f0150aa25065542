using System.Diagnostics;
using System.Globalization;
using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Bench.Kernels;

/// <summary>
/// The linears of some layers of a decoder (hidden 896, feed-forward 4,864, 14 heads of 64, 2 of keys and values) on weights of 4 bits, one after another as in a step:
/// without adapters, with <see cref="LowRank"/> behind each product, and with both in one call for all linears of one input.
/// A linear's least time of all rounds, summed up: a neighbour on the machine seldom meets the same one in each of them.
/// </summary>
internal sealed unsafe class AdaptedLinearBenchmarks : IDisposable
{
    private const int Layers = 6;
    private const int Hidden = 896;
    private const int Rank = 16;
    private const int Modes = 3;
    private static readonly (int In, int Out)[][] s_groups = [[(Hidden, 896), (Hidden, 128), (Hidden, 128)], [(896, Hidden)], [(Hidden, 4864), (Hidden, 4864)], [(4864, Hidden)]];
    private readonly WeightArena _arena = new();
    private readonly SpinParallel _parallel;
    private readonly int _rows;
    private readonly List<Group> _groups = [];
    private readonly float* _x;
    private readonly float* _y;
    private readonly float* _workspace;

    private AdaptedLinearBenchmarks(SpinParallel parallel, int rows, int distinct)
    {
        (_parallel, _rows) = (parallel, rows);
        for (var layer = 0; layer < Layers; layer++)
        {
            _groups.AddRange(s_groups.Select(shapes => new Group(_arena, shapes, rows, distinct)));
        }

        _x = KernelBenchmarks.Floats(rows * 4864L);
        _y = KernelBenchmarks.Floats(rows * 4864L * 2);
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
            least[mode] = [.. Enumerable.Repeat(double.MaxValue, _groups.Count)];
        }

        for (var round = 0; round < rounds; round++)
        {
            for (var mode = 0; mode < Modes; mode++)
            {
                for (var group = 0; group < _groups.Count; group++)
                {
                    var started = Stopwatch.GetTimestamp();
                    Call(group, mode);
                    least[mode][group] = Math.Min(least[mode][group], Stopwatch.GetElapsedTime(started).TotalMicroseconds);
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
        var group = _groups[index];
        if (mode == 2)
        {
            BlockQuantizedProduct.Apply(_x, _rows, group.Linears(_y, _rows, withSegments: true), group.Segments, _workspace, _parallel);
            return;
        }

        var linears = group.Linears(_y, _rows, withSegments: false);
        for (var i = 0; i < linears.Length; i++)
        {
            BlockQuantizedProduct.Apply(_x, _rows, linears.AsSpan(i, 1), [], _workspace, _parallel);
            if (mode == 1)
            {
                var each = group.Segments.Length / linears.Length;
                var layout = linears[i].Weights.Layout;
                LowRank.Add(
                    _x, layout.InFeatures, (float*)linears[i].Y, layout.OutFeatures, group.Segments.AsSpan(i * each, each), _workspace, _parallel);
            }
        }
    }

    private sealed class Group
    {
        private readonly BlockLinear[] _plain;
        private readonly BlockLinear[] _adapted;

        public Group(WeightArena arena, (int In, int Out)[] shapes, int rows, int distinct)
        {
            _plain = new BlockLinear[shapes.Length];
            _adapted = new BlockLinear[shapes.Length];
            for (var i = 0; i < shapes.Length; i++)
            {
                var (inFeatures, outFeatures) = shapes[i];
                var layout = new BlockProductLayout(new BlockFormat(4, 32), inFeatures, outFeatures, hasZeroPoints: false);
                _plain[i] = new BlockLinear(new BlockProductWeights(layout, (nint)arena.Allocate(layout.Bytes)), 0, 0, 0);
                _adapted[i] = _plain[i] with { Segments = distinct };
                for (var adapter = 0; adapter < distinct; adapter++)
                {
                    var weights = LowRankWeights.Pack(
                        arena, Rank, inFeatures, outFeatures, new float[Rank * inFeatures], new float[Rank * outFeatures], 0.5f, WeightType.BF16);
                    Segments = [.. Segments, new LowRankSegment(rows * adapter / distinct, rows * (adapter + 1) / distinct, weights)];
                }
            }
        }

        public LowRankSegment[] Segments { get; private set; } = [];

        public BlockLinear[] Linears(float* y, int rows, bool withSegments)
        {
            var linears = withSegments ? _adapted : _plain;
            var at = y;
            for (var i = 0; i < linears.Length; i++)
            {
                linears[i] = linears[i] with { Y = (nint)at };
                at += (nint)rows * linears[i].Weights.Layout.OutFeatures;
            }

            return linears;
        }
    }
}
