using System.Numerics;
using System.Runtime.InteropServices;
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
        var a = Array.ConvertAll(source.Read(LowRank.A), value => (double)value);
        var b = source.Read(LowRank.B);
        var gain = Array.ConvertAll(source.Read(Magnitude), value => (double)value);
        var weight = source.BaseWeight(Site);
        var row = new double[inFeatures];
        for (var o = 0; o < gain.Length; o++)
        {
            for (var h = 0; h < inFeatures; h++)
            {
                row[h] = weight[(o * inFeatures) + h];
            }

            for (var r = 0; r < rank; r++)
            {
                AddScaled(row, a.AsSpan(r * inFeatures, inFeatures), (double)NormScale * b[(o * rank) + r]);
            }

            gain[o] /= Math.Sqrt(row.Sum(value => value * value));
        }

        return gain;
    }

    private static void AddScaled(Span<double> sum, ReadOnlySpan<double> values, double factor)
    {
        var sums = MemoryMarshal.Cast<double, Vector<double>>(sum);
        var vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] += vectors[i] * factor;
        }

        for (var i = sums.Length * Vector<double>.Count; i < sum.Length; i++)
        {
            sum[i] += values[i] * factor;
        }
    }
}
