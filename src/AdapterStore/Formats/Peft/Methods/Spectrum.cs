using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>Coefficients whose places in [out, in] are not in the file: the first of a permutation that a seed determines.</summary>
internal static class Spectrum
{
    public static SafetensorsTensor Part(PeftModule module, string name)
    {
        var tensor = module.Part(name, -1);
        return tensor.Elements <= (long)module.Site.OutFeatures * module.Site.InFeatures
            ? tensor
            : throw StoreErrors.Unservable("shape_mismatch", $"The file has {tensor.Elements} coefficients of '{module.Site.Path}', more than its weight has.");
    }

    /// <summary>For each coefficient its row-major place.</summary>
    public static int[] Places(Site site, long count, int seed) => new TorchRandom(seed).Permutation((long)site.OutFeatures * site.InFeatures, (int)count);
}
