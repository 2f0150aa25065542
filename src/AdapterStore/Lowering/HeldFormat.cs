using AdapterServe.AdapterStore.Adapters;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>What an <see cref="AdapterWeightFormat"/> means for low-rank forms.</summary>
internal static class HeldFormat
{
    /// <summary>The name that operators and clients see.</summary>
    public static string NameOf(AdapterWeightFormat format) => format switch
    {
        AdapterWeightFormat.File => "file",
        AdapterWeightFormat.BF16 => "bf16",
        AdapterWeightFormat.Int8 => "int8",
        _ => "1bit",
    };

    public static bool Reaches(FormKind form) => form is FormKind.LowRank or FormKind.OutputLowRank;

    /// <summary>How factors of a type are held.</summary>
    public static WeightType TypeOf(AdapterWeightFormat format, WeightType exact) => format switch
    {
        AdapterWeightFormat.File => exact,
        AdapterWeightFormat.BF16 => WeightType.BF16,
        AdapterWeightFormat.Int8 => WeightType.Int8,
        _ => WeightType.Bit,
    };

    /// <summary>At most so much of what a low-rank form would take in f32 does it take.</summary>
    public static long LeastBytes(AdapterWeightFormat format, long bytes) => format switch
    {
        AdapterWeightFormat.File => bytes,
        AdapterWeightFormat.BF16 => bytes / 2,
        AdapterWeightFormat.Int8 => bytes / 4,
        _ => bytes / 32,
    };

    /// <summary>What the weights would take in every format.</summary>
    /// <param name="weights">In any format.</param>
    /// <param name="forms">Their low-rank forms.</param>
    public static HeldBytes BytesOf(AdapterWeights weights, IReadOnlyCollection<LowRankWeights> forms)
    {
        var others = weights.Bytes - forms.Sum(form => Bytes(form, form.Type));
        return new HeldBytes(In(AdapterWeightFormat.File), In(AdapterWeightFormat.BF16), In(AdapterWeightFormat.Int8), In(AdapterWeightFormat.OneBit))
        {
            HasLowRank = forms.Count > 0,
            IsBF16 = forms.All(form => form.ExactType == WeightType.BF16),
        };

        long In(AdapterWeightFormat format) => others + forms.Sum(form => Bytes(form, TypeOf(format, form.ExactType)));
    }

    private static long Bytes(LowRankWeights form, WeightType type) => LowRankWeights.BytesAs(type, form.Rank, form.InFeatures, form.OutFeatures);
}
