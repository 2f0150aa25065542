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
    private const string Prefix = "base_model.model.";

    private readonly SortedDictionary<int, LoraModule> _bySite = [];

    public IReadOnlyDictionary<int, LoraModule> BySite => _bySite;

    public static LoraModules From(ITensorSource file, BaseModel baseModel)
    {
        var modules = new LoraModules();
        foreach (var tensor in file.Tensors.Values.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            modules.Add(tensor, baseModel);
        }

        return modules;
    }

    private void Add(SafetensorsTensor tensor, BaseModel baseModel)
    {
        RequireFloat(tensor);
        var name = tensor.Name;
        if (!name.StartsWith(Prefix, StringComparison.Ordinal))
        {
            throw Unknown(name);
        }

        var (path, part) = Split(name[Prefix.Length..]) ?? throw Unknown(name);
        var site = baseModel.FindSite(path) ?? throw StoreErrors.Unservable(
            "unknown_module", $"The file adapts '{AdapterNames.Shorten(path)}', which the base model {baseModel.Id} does not have.");
        if (site.Kind is SiteKind.Norm or SiteKind.Embedding or SiteKind.Sublayer || (site.Kind == SiteKind.Linear && part == LoraPart.Weight))
        {
            throw StoreErrors.Unservable(
                "modules_to_save", $"The file holds whole weights of '{site.Path}'; only those of the output layer are served (modules_to_save=[\"lm_head\"], save_embedding_layers=False).");
        }

        if (!_bySite.TryGetValue(site.Index, out var module))
        {
            _bySite.Add(site.Index, module = new LoraModule(site));
        }

        module.Parts[part] = tensor;
    }

    private static (string Path, LoraPart Part)? Split(string name)
    {
        foreach (var (suffix, part) in Suffixes)
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
            {
                return (name[..^suffix.Length], part);
            }
        }

        return null;
    }

    private static readonly (string Suffix, LoraPart Part)[] Suffixes =
    [
        (".lora_A.weight", LoraPart.A),
        (".lora_B.weight", LoraPart.B),
        (".lora_magnitude_vector", LoraPart.Magnitude),
        (".lora_magnitude_vector.weight", LoraPart.Magnitude),
        (".lora_B.bias", LoraPart.BiasB),
        (".base_layer.weight", LoraPart.BaseCopy),
        (".weight", LoraPart.Weight),
    ];

    /// <summary>Parts of other methods, which say more than that the name is unknown.</summary>
    private static readonly (string Suffix, string Code, string What)[] Foreign =
    [
        (".lora_embedding_A", "lora_embedding", "LoRA on an embedding"),
        (".lora_embedding_B", "lora_embedding", "LoRA on an embedding"),
        (".token_adapter.trainable_tokens_delta", "trainable_tokens", "trainable tokens"),
        (".lora_diag", "kasa", "KaSA's singular values"),
        (".bias", "bias", "biases of the base"),
    ];

    private static AdapterStoreException Unknown(string name)
    {
        foreach (var (suffix, code, what) in Foreign)
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
            {
                return StoreErrors.Unservable(code, $"The tensor '{AdapterNames.Shorten(name)}' holds {what}, which is not served yet; the server takes plain LoRA.");
            }
        }

        return StoreErrors.Unservable(
            "unknown_tensor", $"The tensor '{AdapterNames.Shorten(name)}' is not one that PEFT writes for a plain LoRA ({Prefix}<module>.lora_A.weight and so on).");
    }

    private static void RequireFloat(SafetensorsTensor tensor)
    {
        if (tensor.DType is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16))
        {
            throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is {tensor.DType}; adapters are served from f32, bf16 and f16.");
        }
    }
}
