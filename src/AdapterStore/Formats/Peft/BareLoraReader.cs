using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// A LoRA in one safetensors file without a configuration, which is complete where each module has its alpha beside its factors, as kohya's and diffusers' programs write it.
/// <b>Semantics</b>: y += (alpha / r) B (A x), r the factors' own.
/// <b>Errors</b>: Unservable, as of a LoRA with a configuration; <c>unknown_format</c> where alphas are missing.
/// </summary>
internal sealed class BareLoraReader : IAdapterReader
{
    private const string Extension = ".safetensors";

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact("lora", "kohya, diffusers: one safetensors file without a configuration", "low_rank", "an alpha beside each module's factors")];

    public bool Recognises(AdapterFolder folder) => folder.Config is null && folder.Files.Names.Count(IsWeights) == 1;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var file = SafetensorsFile.Open(folder.Files.PathOf(folder.Files.Names.Single(IsWeights)));
        try
        {
            SiteTensors[] sites = [.. LoraModules.From(file, baseModel).BySite.Values.Select(module => Place(module, file))];
            return sites.Length > 0 ? new AdapterTensors("lora", file, [.. sites]) : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static bool IsWeights(string name) => name.EndsWith(Extension, StringComparison.Ordinal);

    private static LowRankTensors Place(LoraModule module, SafetensorsFile file)
    {
        var site = module.Site;
        if (module.Parts.Keys.FirstOrDefault(part => part is not (LoraPart.A or LoraPart.B or LoraPart.Alpha), LoraPart.A) is var other && other != LoraPart.A)
        {
            throw StoreErrors.Unservable("unknown_format", $"The file has more than a LoRA for '{site.Path}' and the upload no {AdapterFolder.ConfigFile} that says what it means; send the folder that PEFT's save_pretrained writes.");
        }

        if (!module.Parts.TryGetValue(LoraPart.A, out var a) || !module.Parts.TryGetValue(LoraPart.B, out var b))
        {
            throw StoreErrors.Unservable("lone_factor", $"The file has only one of the two factors for '{site.Path}'.");
        }

        if (!module.Parts.TryGetValue(LoraPart.Alpha, out var alpha))
        {
            throw StoreErrors.Unservable("unknown_format", $"The upload has no {AdapterFolder.ConfigFile} and the file no alpha for '{site.Path}'; send the folder that PEFT's save_pretrained writes.");
        }

        if (a.Shape.Length != 2 || a.Shape[0] is < 1 or > int.MaxValue)
        {
            throw StoreErrors.Unservable("shape_mismatch", $"The tensor '{AdapterNames.Shorten(a.Name)}' has shape [{string.Join(", ", a.Shape)}]; a factor has two dimensions.");
        }

        var rank = (int)a.Shape[0];
        LoraResolver.RequireShape(a, rank, site.InFeatures);
        LoraResolver.RequireShape(b, site.OutFeatures, rank);
        return new LowRankTensors(site, a, b, rank, Scale(file, alpha, rank));
    }

    private static float Scale(SafetensorsFile file, SafetensorsTensor alpha, int rank)
    {
        if (alpha.Elements != 1)
        {
            throw StoreErrors.Unservable("shape_mismatch", $"The tensor '{AdapterNames.Shorten(alpha.Name)}' has {alpha.Elements} elements; an alpha is one number.");
        }

        Span<float> value = stackalloc float[1];
        file.CopyToF32(alpha, value);

        // Programs disagree about an alpha of zero: some take the rank in its place.
        return float.IsFinite(value[0]) && value[0] != 0
            ? (float)((double)value[0] / rank)
            : throw StoreErrors.Unservable("scale", $"The tensor '{AdapterNames.Shorten(alpha.Name)}' is {value[0]}, which is no alpha.");
    }
}
