using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>y += b ∘ (B (d ∘ (A x))) with the first Rank rows of A and of d. <b>Shapes</b>: A [≥ Rank, ≥ H], B [≥ O, Rank], d [≥ Rank], b [O].</summary>
internal sealed record SharedProjection(int Rank, SafetensorsTensor A, SafetensorsTensor B, SafetensorsTensor D, SafetensorsTensor Scale)
{
    public static SiteTensors Lower(Site site, SharedProjection from)
    {
        if (from.A.Shape[1] < site.InFeatures || from.B.Shape[0] < site.OutFeatures)
        {
            throw StoreErrors.Unservable("shape_mismatch", $"The shared projections of the file are smaller than '{site.Path}' [{site.OutFeatures}, {site.InFeatures}].");
        }

        return MadeTensors.Smaller(site, [from.A, from.B, from.D, from.Scale], from.Rank, values => from.Make(site, values));
    }

    private Factors Make(Site site, TensorValues values)
    {
        var (a, b, d, scale) = (values.ReadShared(A), values.ReadShared(B), values.Read(D), values.Read(Scale));
        var width = (int)A.Shape[1];
        var right = new double[Rank * site.InFeatures];
        for (var r = 0; r < Rank; r++)
        {
            DoubleMatrix.AddScaled(right.AsSpan(r * site.InFeatures, site.InFeatures), d[r], a.AsSpan(r * width, site.InFeatures));
        }

        var left = new double[site.OutFeatures * Rank];
        for (var o = 0; o < site.OutFeatures; o++)
        {
            DoubleMatrix.AddScaled(left.AsSpan(o * Rank, Rank), scale[o], b.AsSpan(o * Rank, Rank));
        }

        return new Factors(left, right);
    }
}
