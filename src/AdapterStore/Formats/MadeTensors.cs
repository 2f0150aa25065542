using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;
using AdapterServe.AdapterStore.Models;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>y += Left (Right x), the factors computed from the file's tensors when the adapter is lowered.</summary>
internal sealed record MadeLowRankTensors(Site Site, ImmutableArray<SafetensorsTensor> Sources, int Rank, Func<TensorValues, Factors> Make)
    : ComputedTensors(Site, FormKind.LowRank)
{
    public override IEnumerable<SafetensorsTensor> Tensors => Sources;

    public override int? InnerRank => Rank;

    public override long LargestElements => Math.Max((long)Rank * Math.Max(Site.InFeatures, Site.OutFeatures), base.LargestElements);

    public override long LoweredBytes => sizeof(float) * (long)Rank * ((long)Site.InFeatures + Site.OutFeatures);

    /// <summary>See <see cref="MadeDenseTensors.KeptAs"/>.</summary>
    public string? KeptAs { get; init; }

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var (right, left) = (Rank * Site.InFeatures, Site.OutFeatures * Rank);
        var values = KeptAs is null ? Compute() : source.Computed.Get($"{KeptAs}/{Site.Path}", right + left, Compute);
        return LowRankWeights.Pack(arena, Rank, Site.InFeatures, Site.OutFeatures, values.AsSpan(0, right), values.AsSpan(right), 1, WeightType.F32);

        float[] Compute()
        {
            var factors = Make(source.Values);
            return [.. MadeTensors.Narrow(factors.Right, Site), .. MadeTensors.Narrow(factors.Left, Site)];
        }
    }
}

/// <summary>y += W x or y = W x, with W [out, in] computed from the file's tensors when the adapter is lowered.</summary>
internal sealed record MadeDenseTensors(Site Site, ImmutableArray<SafetensorsTensor> Sources, DenseMode Mode, Func<TensorValues, double[]> Make)
    : ComputedTensors(Site, FormKind.Dense)
{
    public override IEnumerable<SafetensorsTensor> Tensors => Sources;

    public override long LargestElements => Math.Max((long)Site.InFeatures * Site.OutFeatures, base.LargestElements);

    public override long LoweredBytes => sizeof(float) * (long)Site.InFeatures * Site.OutFeatures;

    /// <summary>Whether computing takes so much longer than reading that the result is kept on disk. The name is the computation's, with its edition.</summary>
    public string? KeptAs { get; init; }

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var values = KeptAs is null ? Compute() : source.Computed.Get($"{KeptAs}/{Site.Path}", checked(Site.OutFeatures * Site.InFeatures), Compute);
        return DenseWeights.Pack(arena, Site.InFeatures, Site.OutFeatures, values, Mode, WeightType.F32);

        float[] Compute() => MadeTensors.Narrow(Make(source.Values), Site);
    }
}

/// <summary>y += S x, the elements computed from the file's tensors when the adapter is lowered; at most <paramref name="Count"/>.</summary>
internal sealed record MadeSparseTensors(Site Site, ImmutableArray<SafetensorsTensor> Sources, long Count, Func<TensorValues, SparseElements> Make)
    : ComputedTensors(Site, FormKind.Sparse)
{
    public override IEnumerable<SafetensorsTensor> Tensors => Sources;

    public override long LargestElements => Math.Max(Count, base.LargestElements);

    public override FormWeights Pack(LoweringSource source, WeightArena arena)
    {
        var elements = Make(source.Values);
        return SparseWeights.Pack(
            arena, Site.InFeatures, Site.OutFeatures, elements.Rows, elements.Columns, MadeTensors.Narrow(elements.Values, Site), WeightType.F32);
    }
}

/// <summary>y = g y, y += c or x = s x, computed when the adapter is lowered.</summary>
internal sealed record MadeVectorTensors(Site Site, FormKind Form, ImmutableArray<SafetensorsTensor> Sources, Func<TensorValues, double[]> Make) : ComputedTensors(Site, Form)
{
    public override IEnumerable<SafetensorsTensor> Tensors => Sources;

    public override long LoweredBytes => sizeof(float) * (long)(Form == FormKind.InputScale ? Site.InFeatures : Site.OutFeatures);

    public override FormWeights Pack(LoweringSource source, WeightArena arena) =>
        LoweringSource.PackVector(arena, Site, Form, Array.ConvertAll(Make(source.Values), value => (float)value));
}

/// <summary>Which of the two forms holds an exact delta with fewer values.</summary>
internal static class MadeTensors
{
    /// <param name="site">Where it acts.</param>
    /// <param name="sources">The tensors that it is computed from.</param>
    /// <param name="rank">The exact inner width of <paramref name="factors"/>.</param>
    /// <param name="factors">Called when two factors of that width are smaller than the whole matrix.</param>
    /// <param name="whole">Called otherwise; null: the factors' product.</param>
    public static SiteTensors Smaller(
        Site site, ImmutableArray<SafetensorsTensor> sources, long rank, Func<TensorValues, Factors> factors, Func<TensorValues, double[]>? whole = null)
    {
        if (rank * ((long)site.InFeatures + site.OutFeatures) < (long)site.InFeatures * site.OutFeatures)
        {
            return new MadeLowRankTensors(site, sources, (int)rank, factors);
        }

        return new MadeDenseTensors(site, sources, DenseMode.Add, whole ?? Product);

        double[] Product(TensorValues values)
        {
            var made = factors(values);
            return DoubleMatrix.Multiply(made.Left, made.Right, site.OutFeatures, (int)rank, site.InFeatures);
        }
    }

    /// <summary>The same tensors, what is computed from them kept on disk for the next load under a name, which carries the computation's edition.</summary>
    public static SiteTensors Kept(SiteTensors made, string name) => made switch
    {
        MadeLowRankTensors lowRank => lowRank with { KeptAs = name },
        MadeDenseTensors dense => dense with { KeptAs = name },
        _ => made,
    };

    public static float[] Narrow(double[] values, Site site)
    {
        var narrow = Array.ConvertAll(values, value => (float)value);
        return FiniteCheck.IsFinite(narrow)
            ? narrow
            : throw NotFinite(site);
    }

    public static AdapterStoreException NotFinite(Site site) =>
        StoreErrors.Unservable("not_finite", $"What the adapter does to '{site.Path}' is beyond the range of 32-bit floats.");
}
