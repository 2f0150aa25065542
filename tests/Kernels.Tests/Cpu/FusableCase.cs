using AdapterServe.Kernels.Tests.Support;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Cpu;

/// <summary>Linears that may be written, with reproducible weights.</summary>
internal static class FusableCase
{
    public static (float[] W, float[] Bias) Values(int inFeatures, int outFeatures) =>
        (RandomData.Floats(11, (long)inFeatures * outFeatures), RandomData.Floats(12, outFeatures));

    public static FusableLinear Linear(int inFeatures, int outFeatures, bool hasBias)
    {
        var (w, bias) = Values(inFeatures, outFeatures);
        var linear = new FusableLinear(inFeatures, outFeatures);
        for (var row = 0; row < outFeatures; row += FusableLinear.RowsAtOnce)
        {
            linear.Load(row, w.AsSpan(row * inFeatures, Math.Min(FusableLinear.RowsAtOnce, outFeatures - row) * inFeatures));
        }

        linear.LoadBias(hasBias ? bias : []);
        return linear;
    }
}
