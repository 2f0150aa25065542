using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// DoRA's y = b + g (W x + s B A x), behind the low-rank form: y = g y, and where the base has a bias y += (1 - g) b.
/// <b>Semantics</b>: g = m / |W + n B A|, the norm of each output row, in f64 from the base's weights; n = s unless a library has it otherwise.
/// <b>Shapes</b>: m [out] or [out, 1].
/// <b>Source</b>: arXiv:2402.09353; the bias stays unscaled as in PEFT.
/// </summary>
internal sealed record DoraTensors(LowRankTensors LowRank, SafetensorsTensor Magnitude, FormKind Form) : ComputedTensors(LowRank.Site, Form)
{
    /// <summary>Rows at a time, so that a large module's product does not stand in memory whole.</summary>
    private const int Block = 256;

    /// <summary>The factor of B A under the norm.</summary>
    public float NormScale { get; init; } = LowRank.Scale;

    public override IEnumerable<SafetensorsTensor> Tensors => Form == FormKind.OutputScale ? [Magnitude] : [];

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var gain = source.Computed.Get($"dora.1/{Site.Path}", Site.OutFeatures, () => Gain(source));
        if (Form == FormKind.OutputScale)
        {
            return LoweringSource.PackVector(arena, Site, Form, Array.ConvertAll(gain, g => (float)g));
        }

        var bias = source.BaseBias(Site);
        for (var o = 0; o < bias.Length; o++)
        {
            bias[o] = (float)((1 - gain[o]) * bias[o]);
        }

        return LoweringSource.PackVector(arena, Site, Form, bias);
    }

    private double[] Gain(LoweringSource source)
    {
        var (rank, inFeatures) = (LowRank.Rank, Site.InFeatures);
        var a = DoubleMatrix.Widen(source.Read(LowRank.A));
        var b = Array.ConvertAll(source.Read(LowRank.B), value => (double)NormScale * value);
        var gain = DoubleMatrix.Widen(source.Read(Magnitude));
        var weight = source.BaseWeight(Site);
        for (var first = 0; first < gain.Length; first += Block)
        {
            var rows = Math.Min(Block, gain.Length - first);
            var sums = DoubleMatrix.Multiply(b.AsSpan(first * rank, rows * rank), a, rows, rank, inFeatures);
            for (var row = 0; row < rows; row++)
            {
                gain[first + row] /= Norm(sums.AsSpan(row * inFeatures, inFeatures), weight.AsSpan((first + row) * inFeatures, inFeatures));
            }
        }

        return gain;
    }

    /// <summary>|sum + weight|.</summary>
    private static double Norm(Span<double> sum, ReadOnlySpan<float> weight)
    {
        for (var h = 0; h < sum.Length; h++)
        {
            sum[h] += weight[h];
        }

        return DoubleMatrix.Norm(sum);
    }
}
