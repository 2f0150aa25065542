using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft;

/// <summary>
/// The file's tensors sorted by the site that they belong to.
/// <b>Errors</b>: Unservable for a tensor that a plain LoRA does not have or a module that the base does not have.
/// </summary>
internal sealed class LoraModules
{
    private readonly SortedDictionary<int, LoraModule> _bySite = [];

    public IReadOnlyDictionary<int, LoraModule> BySite => _bySite;

    public static LoraModules From(ITensorSource file, BaseModel baseModel)
    {
        var modules = new LoraModules();
        var keys = new LoraKeys(baseModel);
        foreach (var tensor in file.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            modules.Add(tensor, keys);
        }

        foreach (var module in modules._bySite.Values)
        {
            module.Settle();
        }

        return modules;
    }

    private void Add(SafetensorsTensor tensor, LoraKeys keys)
    {
        RequireFloat(tensor);
        var name = tensor.Name;
        var (site, part) = keys.Read(name);
        if (!Occurs(part, site.Kind))
        {
            throw StoreErrors.Unservable("module_kind", $"The tensor '{AdapterNames.Shorten(name)}' is not one that a LoRA has at '{site.Path}'.");
        }

        if (!_bySite.TryGetValue(site.Index, out var module))
        {
            _bySite.Add(site.Index, module = new LoraModule(site));
        }

        if (!module.Parts.TryAdd(part, tensor))
        {
            throw StoreErrors.Unservable("surplus_modules", $"The tensor '{AdapterNames.Shorten(name)}' is in the file under another name as well.");
        }
    }

    private static bool Occurs(LoraPart part, SiteKind kind) => kind switch
    {
        SiteKind.Linear => part is not (LoraPart.EmbeddingA or LoraPart.EmbeddingB or LoraPart.TokenRows or LoraPart.OriginalRows),
        SiteKind.Head => part is not (LoraPart.EmbeddingA or LoraPart.EmbeddingB),
        SiteKind.Embedding => part is not (LoraPart.A or LoraPart.B or LoraPart.BiasB or LoraPart.Bias or LoraPart.Alpha),
        SiteKind.Norm => part is LoraPart.Weight or LoraPart.SavedWeight or LoraPart.Original,
        _ => false,
    };

    public static void RequireFloat(SafetensorsTensor tensor)
    {
        if (tensor.DType is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16))
        {
            throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is {tensor.DType}; adapters are served from f32, bf16 and f16.");
        }
    }
}
