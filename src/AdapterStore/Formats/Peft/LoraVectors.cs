using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Weights;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// What a LoRA has beside its factors: DoRA's magnitudes and a bias behind B.
/// <b>Errors</b>: Unservable <c>dora</c> and <c>lora_bias</c> where configuration and file disagree or both are given, <c>base_weights</c>, <c>shape_mismatch</c>.
/// </summary>
internal static class LoraVectors
{
    public static IEnumerable<SiteTensors> Of(LoraModule module, LoraManifest manifest, LowRankTensors lowRank, BaseModel baseModel)
    {
        var magnitude = Part(module, LoraPart.Magnitude, manifest.UseDora);
        var bias = Part(module, LoraPart.BiasB, manifest.HasBias);
        if (magnitude is not null && (bias is not null || module.Parts.ContainsKey(LoraPart.Weight) || module.Parts.ContainsKey(LoraPart.BaseCopy)))
        {
            throw StoreErrors.Unservable("dora", $"The file has DoRA together with other weights of '{module.Site.Path}', which is not served.");
        }

        if (bias is not null)
        {
            yield return new VectorTensors(module.Site, FormKind.OutputBias, bias, lowRank.Scale);
        }

        if (magnitude is not null)
        {
            var weights = baseModel.Weights ?? throw StoreErrors.Unservable("base_weights", "DoRA is defined relative to the base's weights, which are not at hand.");
            yield return new DoraTensors(lowRank, magnitude, FormKind.OutputScale);
            if (weights.TryReadBias(module.Site, new float[module.Site.OutFeatures]))
            {
                yield return new DoraTensors(lowRank, magnitude, FormKind.OutputBias);
            }
        }
    }

    private static SafetensorsTensor? Part(LoraModule module, LoraPart part, bool isExpected)
    {
        var tensor = module.Parts.GetValueOrDefault(part);
        if (isExpected != tensor is not null)
        {
            var (holds, says) = (tensor is null ? "no" : "a", isExpected ? "wants" : "denies");
            throw part == LoraPart.Magnitude
                ? StoreErrors.Unservable("dora", $"The file has {holds} DoRA magnitude for '{module.Site.Path}', and use_dora {says} one.")
                : StoreErrors.Unservable("lora_bias", $"The file has {holds} bias behind lora_B for '{module.Site.Path}', and lora_bias {says} one.");
        }

        if (tensor is not null && !tensor.HasShape(module.Site.OutFeatures))
        {
            throw StoreErrors.Unservable(
                "shape_mismatch", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' has shape [{string.Join(", ", tensor.Shape)}]; on this base it must be [{module.Site.OutFeatures}].");
        }

        return tensor;
    }
}
