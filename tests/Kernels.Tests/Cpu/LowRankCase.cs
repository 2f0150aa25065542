using AdapterServe.Kernels.Cpu;
using AdapterServe.Kernels.Parallelism;
using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>A batch whose rows name their adapters; -1 names none. x, y and the workspace end at guard pages.</summary>
internal sealed unsafe class LowRankCase(int inFeatures, int outFeatures, int[] ranks, int[] adapterOfRow, WeightType type) : IDisposable
{
    private readonly WeightArena _arena = new();
    private readonly List<LowRankWeights> _weights = [];
    private readonly List<(float[] A, float[] B, float Scale)> _factors = [];

    public float[] X { get; } = RandomData.Floats(1, (long)adapterOfRow.Length * inFeatures);

    public float[] Y { get; } = RandomData.Floats(2, (long)adapterOfRow.Length * outFeatures);

    /// <summary>Computes all rows at once, or only the given ones, each in a batch of its own.</summary>
    public float[] Run(IParallel? parallel = null)
    {
        Pack();
        return Run(X, Y, adapterOfRow, parallel ?? new SerialParallel());
    }

    public float[] RunRowAlone(int row)
    {
        Pack();
        return Run(
            X[(row * inFeatures)..((row + 1) * inFeatures)], Y[(row * outFeatures)..((row + 1) * outFeatures)], [adapterOfRow[row]], new SerialParallel());
    }

    public void AssertCloseToReference(float[] actual)
    {
        var expected = Array.ConvertAll(Y, value => (double)value);
        var magnitude = Array.ConvertAll(Y, value => (double)Math.Abs(value));
        var absoluteX = Array.ConvertAll(X, Math.Abs);
        var tolerance = 0.0;
        for (var row = 0; row < adapterOfRow.Length; row++)
        {
            if (adapterOfRow[row] < 0)
            {
                continue;
            }

            var (a, b, scale) = _factors[adapterOfRow[row]];
            var rank = ranks[adapterOfRow[row]];
            Reference.LowRank.Add(X, inFeatures, expected, outFeatures, row, row + 1, rank, a, b, scale);
            Reference.LowRank.Add(
                absoluteX, inFeatures, magnitude, outFeatures, row, row + 1, rank, Array.ConvertAll(a, Math.Abs), Array.ConvertAll(b, Math.Abs), Math.Abs(scale));
        }

        for (var i = 0; i < actual.Length; i++)
        {
            var adapter = adapterOfRow[i / outFeatures];
            tolerance = adapter < 0 ? 0 : Tolerances.LowRank(inFeatures, ranks[adapter], magnitude[i]);
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance, $"H {inFeatures}, O {outFeatures}, at {i}: expected {expected[i]}, got {actual[i]}, allowed {tolerance}");
        }
    }

    public void Dispose() => _arena.Dispose();

    private static List<(int Start, int End, int Adapter)> Segments(int[] adapters)
    {
        var segments = new List<(int, int, int)>();
        for (var row = 0; row < adapters.Length;)
        {
            var end = row + 1;
            while (end < adapters.Length && adapters[end] == adapters[row])
            {
                end++;
            }

            if (adapters[row] >= 0)
            {
                segments.Add((row, end, adapters[row]));
            }

            row = end;
        }

        return segments;
    }

    private float[] Run(float[] x, float[] y, int[] adapters, IParallel parallel)
    {
        var segments = Segments(adapters).ConvertAll(s => new LowRankSegment(s.Start, s.End, _weights[s.Adapter])).ToArray();
        var bytes = LowRank.WorkspaceBytes(adapters.Length, segments.Length, ranks.Append(1).Max(), inFeatures);
        using var input = new GuardedBuffer<float>(x);
        using var output = new GuardedBuffer<float>(y);
        using var workspace = new GuardedBuffer<byte>(bytes);
        workspace.Span.Fill(0xFF);
        LowRank.Add(input.Pointer, inFeatures, output.Pointer, outFeatures, segments, workspace.Pointer, parallel);
        Assert.Equal(x, input.Span.ToArray());
        return output.Span.ToArray();
    }

    private void Pack()
    {
        for (var i = _weights.Count; i < ranks.Length; i++)
        {
            var a = RandomData.ToBF16(RandomData.Floats(10 + (2 * i), (long)ranks[i] * inFeatures));
            var b = RandomData.ToBF16(RandomData.Floats(11 + (2 * i), (long)ranks[i] * outFeatures));
            var scale = 0.3f + i;
            var (a32, b32) = (RandomData.FromBF16(a), RandomData.FromBF16(b));
            if (type != WeightType.BF16)
            {
                // Values that bf16 cannot hold.
                a32 = Array.ConvertAll(a32, value => value * 1.0001f);
                b32 = Array.ConvertAll(b32, value => value * 0.9999f);
                using var aside = new WeightArena();
                var exact = LowRankWeights.Pack(type == WeightType.F32 ? _arena : aside, ranks[i], inFeatures, outFeatures, a32, b32, scale, WeightType.F32);
                _weights.Add(type == WeightType.F32 ? exact : LowRankRounding.Round(exact, type, _arena));
                (a32, b32) = RoundedFactors.Of(a32, b32, ranks[i], type);
            }
            else
            {
                _weights.Add(LowRankWeights.Pack(_arena, ranks[i], inFeatures, outFeatures, a, b, scale, type));
            }

            _factors.Add((a32, b32, scale));
        }
    }
}
