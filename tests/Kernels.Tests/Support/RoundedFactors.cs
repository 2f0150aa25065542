using AdapterServe.Kernels.Weights;

namespace AdapterServe.Kernels.Tests.Support;

/// <summary>What becomes of low-rank factors in fewer bits, rank by rank, by plain loops.</summary>
internal static class RoundedFactors
{
    /// <summary><b>Shapes</b>: a [rank, H], b [O, rank].</summary>
    public static (float[] A, float[] B) Of(float[] a, float[] b, int rank, WeightType type)
    {
        var (heldA, heldB, width, height) = ((float[])a.Clone(), (float[])b.Clone(), a.Length / rank, b.Length / rank);
        for (var r = 0; r < rank; r++)
        {
            Round(heldA, [.. Enumerable.Range(0, width).Select(h => (r * width) + h)], type);
            Round(heldB, [.. Enumerable.Range(0, height).Select(o => (o * rank) + r)], type);
        }

        return (heldA, heldB);
    }

    private static void Round(float[] values, int[] places, WeightType type)
    {
        var magnitudes = Array.ConvertAll(places, at => Math.Abs(values[at]));
        var scale = type switch { WeightType.Int8 => magnitudes.Max() / 127, WeightType.Bit => (float)magnitudes.Average(value => (double)value), _ => 0 };
        foreach (var at in places)
        {
            values[at] = type switch
            {
                WeightType.BF16 => BF16.ToSingle(BF16.FromSingle(values[at])),
                WeightType.Int8 => scale == 0 ? 0 : scale * MathF.Round(values[at] / scale, MidpointRounding.ToEven),
                WeightType.Bit => float.IsNegative(values[at]) ? -scale : scale,
                _ => values[at],
            };
        }
    }
}
