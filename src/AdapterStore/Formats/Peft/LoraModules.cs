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
        SiteKind.Linear => part is not (LoraPart.EmbeddingA or LoraPart.EmbeddingB or LoraPart.TokenRows),
        SiteKind.Head => part is not (LoraPart.EmbeddingA or LoraPart.EmbeddingB),
        SiteKind.Embedding => part is LoraPart.EmbeddingA or LoraPart.EmbeddingB or LoraPart.TokenRows or LoraPart.Magnitude or LoraPart.BaseCopy or LoraPart.Weight,
        SiteKind.Norm => part == LoraPart.Weight,
        _ => false,
    };

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
        (".lora_embedding_A", LoraPart.EmbeddingA),
        (".lora_embedding_B", LoraPart.EmbeddingB),
        (".token_adapter.trainable_tokens_delta", LoraPart.TokenRows),
        (".base_layer.weight", LoraPart.BaseCopy),
        (".base_layer.bias", LoraPart.Bias),
        (".weight", LoraPart.Weight),
        (".bias", LoraPart.Bias),
    ];

    /// <summary>Parts of other methods, which say more than that the name is unknown.</summary>
    private static readonly (string Suffix, string Code, string What)[] Foreign =
    [
        (".lora_diag", "kasa", "KaSA's singular values"),
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

    public static void RequireFloat(SafetensorsTensor tensor)
    {
        if (tensor.DType is not (SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16))
        {
            throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is {tensor.DType}; adapters are served from f32, bf16 and f16.");
        }
    }
}
