using System.Buffers;
using AdapterServe.AdapterStore.Adapters;
using AdapterServe.AdapterStore.Computed;
using AdapterServe.AdapterStore.Formats;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Spectra;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Lowering;

/// <summary>
/// Tensors in the file → packed kernel forms.
/// <b>Units, dtype, layout</b>: bf16 stays bf16, f32 stays f32, f16 becomes f32; no value is rounded. A pair of different types becomes f32.
/// What a kind computes at load is computed in f64 and rounded once, to f32. An approximation is made only where one is asked for; then low-rank
/// factors are rounded to the format in which they are held.
/// <b>Errors</b>: Unservable <c>not_finite</c> for a tensor with NaN or infinity.
/// </summary>
internal static class AdapterLowering
{
    /// <param name="tensors">The adapter.</param>
    /// <param name="digest">Names the weights.</param>
    /// <param name="baseModel">What it acts on.</param>
    /// <param name="computed">What earlier loads computed.</param>
    /// <param name="svd">The approximation that the uploader asked for; null: none.</param>
    /// <param name="format">How low-rank factors are held.</param>
    public static AdapterWeights Lower(
        AdapterTensors tensors, string digest, BaseModel baseModel, ComputedValues computed, SvdLowering? svd, AdapterWeightFormat format)
    {
        FusedInputs.RequireServable([.. tensors.Sites]);
        var arena = new WeightArena();
        try
        {
            var source = new LoweringSource(tensors.File, baseModel.Weights, computed);
            var bySite = new FormWeights[]?[baseModel.Sites.Length];
            foreach (var site in tensors.Sites.GroupBy(form => form.Site.Index))
            {
                bySite[site.Key] = svd is null ? [.. site.Select(Hold)] : PackLowered([.. site]);
            }

            return new AdapterWeights(digest, bySite, arena)
            {
                Vocabulary = tensors.Vocabulary is { } added ? new VocabularyExtension(added.Added, [.. added.Head.Select(Hold)]) : null,
                VirtualTokens = tensors.VirtualTokens?.Pack(source, arena),
                InvocationTokens = tensors.InvocationTokens,
                AddsResidual = tensors.AddsResidual,
                NeedsOthers = tensors.NeedsOthers,
            };

            FormWeights Hold(SiteTensors form) => Held(form.Form, target => Pack(tensors.File, source, form, target), arena, format);

            // The site's exact forms stand beside the others only as long as it takes.
            FormWeights[] PackLowered(SiteTensors[] site)
            {
                using var aside = new WeightArena();
                FormWeights[] exact = [.. site.Select(form => Pack(tensors.File, source, form, aside))];
                if (!svd!.Replaces(site[0].Site, exact))
                {
                    return [.. site.Select(Hold)];
                }

                var lowRank = Held(FormKind.LowRank, target => svd.Pack(site[0].Site, exact, target), arena, format);
                return [.. site.Where((_, i) => !SiteDelta.IsAdditive(exact[i])).Select(Hold), lowRank];
            }
        }
        catch
        {
            arena.Dispose();
            throw;
        }
    }

    /// <summary>A form as the format has it.</summary>
    private static FormWeights Held(FormKind form, Func<WeightArena, FormWeights> pack, WeightArena arena, AdapterWeightFormat format)
    {
        if (format == AdapterWeightFormat.File || !HeldFormat.Reaches(form))
        {
            return pack(arena);
        }

        using var aside = new WeightArena();
        var exact = (LowRankWeights)pack(aside);
        return LowRankRounding.Round(exact, HeldFormat.TypeOf(format, exact.Type), arena);
    }

    private static FormWeights Pack(ITensorSource file, LoweringSource source, SiteTensors site, WeightArena arena) => site switch
    {
        LowRankTensors lowRank => Pack(file, lowRank, arena),
        DenseTensors dense => Pack(file, dense, arena),
        ComputedTensors computed => computed.Pack(source, arena),
        _ => throw new InvalidOperationException($"No lowering for {site.GetType().Name}."),
    };

    private static LowRankWeights Pack(ITensorSource file, LowRankTensors source, WeightArena arena)
    {
        var (rank, outFeatures) = (source.Rank, source.Site.OutFeatures);
        var inFeatures = source.Form == FormKind.OutputLowRank ? outFeatures : source.Site.InFeatures;
        if (source.A.DType == SafetensorsType.BF16 && source.B.DType == SafetensorsType.BF16)
        {
            return LowRankWeights.Pack(
                arena, rank, inFeatures, outFeatures, BF16(file, source.A), BF16(file, source.B), source.Scale, WeightType.BF16, source.Form, source.Gate);
        }

        using var a = F32.Of(file, source.A);
        using var b = F32.Of(file, source.B);
        return LowRankWeights.Pack(arena, rank, inFeatures, outFeatures, a.Values, b.Values, source.Scale, WeightType.F32, source.Form, source.Gate);
    }

    private static DenseWeights Pack(ITensorSource file, DenseTensors source, WeightArena arena)
    {
        var (inFeatures, outFeatures) = (source.Site.InFeatures, source.Site.OutFeatures);
        if (source.W.DType == SafetensorsType.BF16)
        {
            return DenseWeights.Pack(arena, inFeatures, outFeatures, BF16(file, source.W), source.Mode, WeightType.BF16);
        }

        using var w = F32.Of(file, source.W);
        return DenseWeights.Pack(arena, inFeatures, outFeatures, w.Values, source.Mode, WeightType.F32);
    }

    private static ReadOnlySpan<ushort> BF16(ITensorSource file, SafetensorsTensor tensor)
    {
        var values = file.Elements<ushort>(tensor);
        return FiniteCheck.IsFinite(values) ? values : throw NotFinite(tensor);
    }

    private static AdapterStoreException NotFinite(SafetensorsTensor tensor) =>
        StoreErrors.Unservable("not_finite", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' holds NaN or infinity.");

    /// <summary>A tensor's values as f32: the file's own bytes, or a rented copy for as long as this lives.</summary>
    private readonly ref struct F32 : IDisposable
    {
        private readonly float[]? _rented;

        private F32(ReadOnlySpan<float> values, float[]? rented)
        {
            Values = values;
            _rented = rented;
        }

        public ReadOnlySpan<float> Values { get; }

        public static F32 Of(ITensorSource file, SafetensorsTensor tensor)
        {
            float[]? rented = null;
            ReadOnlySpan<float> values;
            if (tensor.DType == SafetensorsType.F32)
            {
                values = file.Elements<float>(tensor);
            }
            else
            {
                rented = ArrayPool<float>.Shared.Rent((int)tensor.Elements);
                file.CopyToF32(tensor, rented.AsSpan(0, (int)tensor.Elements));
                values = rented.AsSpan(0, (int)tensor.Elements);
            }

            return FiniteCheck.IsFinite(values) ? new F32(values, rented) : throw NotFinite(tensor);
        }

        public void Dispose()
        {
            if (_rented is not null)
            {
                ArrayPool<float>.Shared.Return(_rented);
            }
        }
    }
}
