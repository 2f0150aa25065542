using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.Gguf;

/// <summary>
/// LoRA in one GGUF file, as llama.cpp's convert_lora_to_gguf writes it for Llama, Qwen 2 and Qwen 3 models, in f32, f16 or bf16.
/// <b>Semantics</b>: y += (alpha / r) B (A x), the factor 1 where alpha is 0; Llama's query and key rows are put back into the base's order.
/// <b>Source</b>: llama.cpp's converter and its adapter loader.
/// </summary>
internal sealed class GgufLoraReader : IAdapterReader
{
    private const string Extension = ".gguf";
    private const string Llama = "llama";
    private const string Invocation = "adapter.alora.invocation_tokens";
    private const string PartA = ".weight.lora_a";
    private const string PartB = ".weight.lora_b";

    public IEnumerable<AdapterKind> Kinds => 
    [
        AdapterKind.Exact("lora", "llama.cpp GGUF (`convert_lora_to_gguf`)", "low_rank", "f32, f16, bf16; Llama, Qwen 2, Qwen 3"),
        AdapterKind.Exact("alora", "llama.cpp GGUF with invocation tokens", "low_rank", "acts from the invocation on"),
    ];

    public bool Recognises(AdapterFolder folder) => folder.Config is null && folder.Files.Names.Any(name => name.EndsWith(Extension, StringComparison.Ordinal));

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var names = folder.Files.Names.Where(name => name.EndsWith(Extension, StringComparison.Ordinal)).ToList();
        if (names.Count > 1)
        {
            throw StoreErrors.Unservable("gguf_several", "The upload has several GGUF files; send one.");
        }

        var mapped = MappedFile.Open(folder.Files.PathOf(names[0]));
        try
        {
            return Read(mapped, baseModel);
        }
        catch
        {
            mapped.Dispose();
            throw;
        }
    }

    private static AdapterTensors Read(MappedFile mapped, BaseModel baseModel)
    {
        var header = GgufHeader.Read(mapped);
        var architecture = RequireLora(header);
        var alpha = header.Numbers.TryGetValue("adapter.lora.alpha", out var value) ? value : throw GgufErrors.Key("adapter.lora.alpha");
        var placed = new List<(SafetensorsTensor Tensor, TensorPlace Place)>();
        var sites = new SortedDictionary<int, LowRankTensors>();
        foreach (var tensor in header.Tensors.Values)
        {
            if (tensor.Name.EndsWith(PartB, StringComparison.Ordinal) && header.Tensors.ContainsKey(tensor.Name[..^1] + "a"))
            {
                continue;
            }

            var site = SiteOf(tensor.Name, baseModel);
            var a = header.Tensors.GetValueOrDefault(tensor.Name[..^1] + "a");
            var b = header.Tensors.GetValueOrDefault(tensor.Name[..^1] + "b");
            if (a is null || b is null)
            {
                throw StoreErrors.Unservable("lone_factor", $"The file has only one of lora_a and lora_b for '{site.Path}'.");
            }

            var rank = RequireShapes(a, b, site);
            var isReordered = architecture == Llama && GgufModules.IsReordered(site.Path);
            sites.Add(site.Index, new LowRankTensors(site, Place(a, mapped, 0, placed), Place(b, mapped, isReordered ? HeadSize(baseModel, b) : 0, placed), rank, Scale(alpha, rank)));
        }

        var invocation = header.Has(Invocation) ? InvocationTokens.Checked(header.Integers.GetValueOrDefault(Invocation) ?? [], baseModel) : [];
        return sites.Count > 0
            ? new AdapterTensors(invocation.IsEmpty ? "lora" : "alora", new GgufTensors(mapped, placed), [.. sites.Values]) { InvocationTokens = invocation }
            : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
    }

    private static string RequireLora(GgufHeader header)
    {
        if (header.Texts.GetValueOrDefault("general.type") != "adapter" || header.Texts.GetValueOrDefault("adapter.type") != "lora")
        {
            throw StoreErrors.Unservable("gguf_not_lora", "The GGUF file is no LoRA adapter (general.type adapter, adapter.type lora).");
        }

        var architecture = header.Texts.GetValueOrDefault("general.architecture") ?? throw GgufErrors.Key("general.architecture");
        return architecture is Llama or "qwen2" or "qwen3"
            ? architecture
            : throw StoreErrors.Unservable("gguf_architecture", $"The GGUF file is for '{AdapterNames.Shorten(architecture)}' models; llama, qwen2 and qwen3 are served.");
    }

    private static Site SiteOf(string name, BaseModel baseModel)
    {
        if (!name.EndsWith(PartA, StringComparison.Ordinal) && !name.EndsWith(PartB, StringComparison.Ordinal))
        {
            throw StoreErrors.Unservable("unknown_tensor", $"The tensor '{AdapterNames.Shorten(name)}' is no factor of a LoRA; a GGUF adapter with whole weights is not served.");
        }

        var path = GgufModules.PathOf(name[..^PartA.Length]);
        return path is not null && baseModel.FindSite(path) is { Kind: SiteKind.Linear or SiteKind.Head } site
            ? site
            : throw StoreErrors.Unservable("unknown_module", $"The file adapts '{AdapterNames.Shorten(name)}', which the base model {baseModel.Id} does not have or serve.");
    }

    private static int RequireShapes(GgufTensor a, GgufTensor b, Site site)
    {
        if (a.Columns != site.InFeatures || b.Rows != site.OutFeatures || a.Rows != b.Columns || a.Rows > ushort.MaxValue)
        {
            throw StoreErrors.Unservable(
                "shape_mismatch",
                $"The LoRA of '{site.Path}' has factors [{a.Rows}, {a.Columns}] and [{b.Rows}, {b.Columns}]; on this base they must be [r, {site.InFeatures}] and [{site.OutFeatures}, r].");
        }

        return (int)a.Rows;
    }

    private static int HeadSize(BaseModel baseModel, GgufTensor b) => baseModel.HeadSize is var size && size > 0 && size % 2 == 0 && b.Rows % size == 0 && b.Bytes <= Array.MaxLength
        ? size
        : throw StoreErrors.Unservable("gguf_heads", "The base model's attention heads are not those that llama.cpp reorders rows by; upload PEFT's folder.");

    private static float Scale(double alpha, int rank)
    {
        var scale = alpha == 0 ? 1 : (float)(alpha / rank);
        return float.IsFinite(scale) ? scale : throw StoreErrors.Unservable("scale", "adapter.lora.alpha over the rank is no finite 32-bit number.");
    }

    private static SafetensorsTensor Place(GgufTensor tensor, MappedFile mapped, int headSize, List<(SafetensorsTensor, TensorPlace)> placed)
    {
        var described = new SafetensorsTensor(tensor.Name, tensor.DType, [tensor.Rows, tensor.Columns], tensor.Offset, tensor.Bytes);
        var place = headSize == 0
            ? new TensorPlace(null, tensor.Offset, tensor.Bytes)
            : new TensorPlace(GgufModules.InBaseOrder(mapped.Slice(tensor.Offset, (int)tensor.Bytes), (int)tensor.Rows, headSize), 0, tensor.Bytes);
        placed.Add((described, place));
        return described;
    }
}
