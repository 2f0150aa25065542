using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;
using AdapterServe.Kernels.Memory;

namespace AdapterServe.AdapterStore.Formats.OnnxAdapter;

/// <summary>
/// LoRA in one <c>.onnx_adapter</c> file, as Olive's convert-adapters and ONNX Runtime's own exporter write it for ONNX Runtime GenAI.
/// <b>Semantics</b>: y += (x A) B, the scale being a part of B. <b>Shapes</b>: A [in, r], B [r, out] in the file; both are transposed when it is
/// read.
/// <b>Layout</b>: parameters are named after the module, <c>model.layers.0.self_attn.q_proj.lora_A.weight</c>, or after the node of the model
/// builder's graph,
/// <c>model.layers.0.attn.q_proj.lora_A.MatMul.weight</c>.
/// </summary>
internal sealed class OnnxAdapterReader : IAdapterReader
{
    private const string Extension = ".onnx_adapter";
    private const string PeftPrefix = "base_model.model.";

    public IEnumerable<AdapterKind> Kinds =>
        [AdapterKind.Exact(
            "lora", "ONNX Runtime GenAI `.onnx_adapter` (`olive convert-adapters`)", "low_rank", "f32, f16, bf16; the scale is in the file")];

    public bool Recognises(AdapterFolder folder) => folder.Config is null && folder.Files.Names.Any(IsAdapter);

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var names = folder.Files.Names.Where(IsAdapter).ToList();
        if (names.Count > 1)
        {
            throw StoreErrors.Unservable("onnx_adapter_several", "The upload has several .onnx_adapter files; send one.");
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
        var factors = new SortedDictionary<int, (OnnxAdapterParameter? A, OnnxAdapterParameter? B)>();
        foreach (var parameter in OnnxAdapterFile.Read(mapped).Values)
        {
            var (site, isA) = PlaceOf(parameter.Name, baseModel);
            var (a, b) = factors.GetValueOrDefault(site.Index);
            if ((isA ? a : b) is not null)
            {
                throw StoreErrors.Unservable("ambiguous_keys", $"The file names the factors of '{site.Path}' in several ways.");
            }

            factors[site.Index] = isA ? (parameter, b) : (a, parameter);
        }

        var placed = new List<(SafetensorsTensor Tensor, TensorPlace Place)>();
        SiteTensors[] sites = [.. factors.Select(entry => Place(baseModel.Sites[entry.Key], entry.Value.A, entry.Value.B, mapped, placed))];
        return sites.Length > 0
            ? new AdapterTensors("lora", new OnnxAdapterTensors(mapped, placed), [.. sites])
            : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
    }

    private static bool IsAdapter(string name) => name.EndsWith(Extension, StringComparison.Ordinal);

    private static (Site Site, bool IsA) PlaceOf(string name, BaseModel baseModel)
    {
        string[] parts = name.StartsWith(PeftPrefix, StringComparison.Ordinal) ? name[PeftPrefix.Length..].Split('.') : name.Split('.');
        var factor = parts is [.., "MatMul", "weight"] ? parts.Length - 3 : parts.Length - 2;
        if (factor < 1 || parts[^1] != "weight" || parts[factor] is not ("lora_A" or "lora_B"))
        {
            throw StoreErrors.Unservable(
                "unknown_tensor",
                $"The parameter '{AdapterNames.Shorten(name)}' is no factor of a LoRA; quantised factors and whole weights are not served.");
        }

        var path = string.Join('.', parts.Take(factor).Select(part => part == "attn" ? "self_attn" : part));
        return baseModel.FindSite(path) is { Kind: SiteKind.Linear or SiteKind.Head } site
            ? (site, parts[factor] == "lora_A")
            : throw StoreErrors.Unservable(
                "unknown_module", $"The file adapts '{AdapterNames.Shorten(path)}', which the base model {baseModel.Id} does not have or serve.");
    }

    private static LowRankTensors Place(
        Site site, OnnxAdapterParameter? a, OnnxAdapterParameter? b, MappedFile mapped, List<(SafetensorsTensor, TensorPlace)> placed)
    {
        if (a is null || b is null)
        {
            throw StoreErrors.Unservable("lone_factor", $"The file has only one of lora_A and lora_B for '{site.Path}'.");
        }

        if (a.Rows != site.InFeatures || b.Columns != site.OutFeatures || a.Columns != b.Rows || a.Columns > ushort.MaxValue
            || Math.Max(a.Bytes, b.Bytes) > Array.MaxLength)
        {
            throw StoreErrors.Unservable(
                "shape_mismatch",
                $"The LoRA of '{site.Path}' has factors [{a.Rows}, {a.Columns}] and [{b.Rows}, {b.Columns}]; on this base they must be [{site.InFeatures}, r] and [r, {site.OutFeatures}].");
        }

        return new LowRankTensors(site, Transposed(a, mapped, placed), Transposed(b, mapped, placed), (int)a.Columns, Scale: 1);
    }

    private static SafetensorsTensor Transposed(OnnxAdapterParameter parameter, MappedFile mapped, List<(SafetensorsTensor, TensorPlace)> placed)
    {
        var tensor = new SafetensorsTensor(parameter.Name, parameter.DType, [parameter.Columns, parameter.Rows], parameter.Offset, parameter.Bytes);
        var source = mapped.Slice(parameter.Offset, (int)parameter.Bytes);
        var bytes = new byte[source.Length];
        var (size, rows, columns) = (SafetensorsTypes.Bytes(parameter.DType), (int)parameter.Rows, (int)parameter.Columns);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                source.Slice(((row * columns) + column) * size, size).CopyTo(bytes.AsSpan(((column * rows) + row) * size));
            }
        }

        placed.Add((tensor, new TensorPlace(bytes, 0, bytes.Length)));
        return tensor;
    }
}
