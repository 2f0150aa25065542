using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Lowering;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// The mean of some tensors of one shape, of which a file has the parts, the mean, or both, which must agree then.
/// <b>Errors</b>: Unservable <c>missing_tensors</c>, <c>copies_differ</c>.
/// </summary>
internal sealed record MergedExperts(ImmutableArray<SafetensorsTensor> Experts, SafetensorsTensor? Merged)
{
    /// <summary>
    /// A merged value in f32 is off by one rounding an addition and one of the division; in a narrower type by that type's rounding too.
    /// </summary>
    private const double RoundoffF32 = 1.0 / (1 << 24);
    private const double RoundoffBF16 = 1.0 / (1 << 9);

    public IEnumerable<SafetensorsTensor> Tensors => Merged is null ? Experts : Experts.Append(Merged);

    public static MergedExperts Of(PeftModule module, string merged, int experts, Func<int, string> expert, string part, params long[] shape)
    {
        var hasExperts = Enumerable.Range(0, experts).Any(e => module.Has($"{expert(e)}.{part}"));
        var hasMerged = module.Has($"{merged}.{part}");
        return new MergedExperts(
            hasExperts || !hasMerged ? [.. Enumerable.Range(0, experts).Select(e => module.Part($"{expert(e)}.{part}", shape))] : [],
            hasMerged ? module.Part($"{merged}.{part}", shape) : null);
    }

    public float[] Read(LoweringSource source)
    {
        if (Experts.IsEmpty)
        {
            return source.Read(Merged!);
        }

        var (mean, magnitude) = Mean(source);
        if (Merged is not null && !Agree(source.Read(Merged), mean, magnitude))
        {
            throw StoreErrors.Unservable("copies_differ", $"'{Merged.Name}' is not the mean of the experts beside it; leave out one or the other.");
        }

        var narrow = Array.ConvertAll(mean, value => (float)value);
        return FiniteCheck.IsFinite(narrow)
            ? narrow
            : throw StoreErrors.Unservable("not_finite", $"The mean of '{Experts[0].Name}' and its like is beyond the range of 32-bit floats.");
    }

    private (double[] Mean, double[] Magnitude) Mean(LoweringSource source)
    {
        var mean = new double[Experts[0].Elements];
        var magnitude = new double[mean.Length];
        foreach (var expert in Experts)
        {
            var values = source.Read(expert);
            for (var i = 0; i < mean.Length; i++)
            {
                mean[i] += (double)values[i] / Experts.Length;
                magnitude[i] += Math.Abs((double)values[i]) / Experts.Length;
            }
        }

        return (mean, magnitude);
    }

    private bool Agree(float[] merged, double[] mean, double[] magnitude)
    {
        var roundoff = ((Experts.Length + 1) * RoundoffF32) + (Merged!.DType == SafetensorsType.F32 ? 0 : RoundoffBF16);
        for (var i = 0; i < mean.Length; i++)
        {
            if (Math.Abs(merged[i] - mean[i]) > (2 * roundoff * magnitude[i]) + float.Epsilon)
            {
                return false;
            }
        }

        return true;
    }
}
