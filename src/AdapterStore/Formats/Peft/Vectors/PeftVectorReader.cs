using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Vectors;

/// <summary>
/// Reads the kinds of <see cref="IPeftVectorKind"/>: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.
/// <b>Errors</b>: Unservable, one code for each way in which the configuration, the file and the base disagree.
/// </summary>
internal sealed class PeftVectorReader(IPeftVectorKind kind) : IAdapterReader
{
    private const string Prefix = "base_model.model.";

    private static readonly string[] s_options =
    [
        "peft_type", "peft_version", "task_type", "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "target_modules", "exclude_modules",
        "layers_to_transform", "layers_pattern", "runtime_config",
    ];

    public IEnumerable<AdapterKind> Kinds => [AdapterKind.Exact(kind.Kind, AdapterKind.Peft(kind.PeftType), kind.Forms, kind.Note)];

    public bool Recognises(AdapterFolder folder) => PeftFiles.TypeOf(folder) == kind.PeftType;

    public AdapterTensors Read(AdapterFolder folder, BaseModel baseModel)
    {
        var values = new ConfigValues(folder.Config!.Value);
        RequireKnownOptions(values);
        var file = PeftFiles.OpenWeights(folder.Files);
        try
        {
            var modules = Modules(file, baseModel);
            RequireSelected(values, modules, baseModel);
            return modules.Count > 0
                ? new AdapterTensors(kind.Kind, file, [.. modules.Select(module => Place(baseModel.Sites[module.Key], module.Value))])
                : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void RequireKnownOptions(ConfigValues values)
    {
        if (values.IsMeaningful("modules_to_save"))
        {
            throw StoreErrors.Unservable("modules_to_save", $"Whole modules beside {kind.PeftType} are not served; train without modules_to_save.");
        }

        foreach (var key in values.MeaningfulKeys().Where(key => !s_options.Contains(key) && !kind.Options.Contains(key)))
        {
            throw StoreErrors.Unservable(
                "unknown_option", $"The server does not know what '{AdapterNames.Shorten(key)}' in adapter_config.json does; remove it if the adapter computes the same without it.");
        }
    }

    /// <summary>Each site's tensors, in the order of the kind's suffixes; null where the file lacks one.</summary>
    private SortedDictionary<int, SafetensorsTensor?[]> Modules(ITensorSource file, BaseModel baseModel)
    {
        var modules = new SortedDictionary<int, SafetensorsTensor?[]>();
        foreach (var tensor in file.Tensors.Values)
        {
            var part = Enumerable.Range(0, kind.Suffixes.Count).FirstOrDefault(i => tensor.Name.EndsWith(kind.Suffixes[i], StringComparison.Ordinal), -1);
            if (part < 0 || !tensor.Name.StartsWith(Prefix, StringComparison.Ordinal) || tensor.Name.Length < Prefix.Length + kind.Suffixes[part].Length)
            {
                throw StoreErrors.Unservable(
                    "unknown_tensor", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is not one that PEFT writes for {kind.PeftType} ({Prefix}<module>{kind.Suffixes[0]} and so on).");
            }

            var path = tensor.Name[Prefix.Length..^kind.Suffixes[part].Length];
            if (baseModel.FindSite(path) is not { } site || !kind.ActsOn(site.Kind))
            {
                throw StoreErrors.Unservable(
                    "unknown_module", $"The file adapts '{AdapterNames.Shorten(path)}', which is no module of the base model {baseModel.Id} that {kind.PeftType} can act on.");
            }

            RequireType(tensor, isIndex: part > 0);
            if (!modules.TryGetValue(site.Index, out var tensors))
            {
                modules.Add(site.Index, tensors = new SafetensorsTensor?[kind.Suffixes.Count]);
            }

            tensors[part] = tensor;
        }

        return modules;
    }

    private static void RequireType(SafetensorsTensor tensor, bool isIndex)
    {
        var isServed = tensor.DType is SafetensorsType.F32 or SafetensorsType.BF16 or SafetensorsType.F16
            || (isIndex && tensor.DType is SafetensorsType.I32 or SafetensorsType.I64);
        if (!isServed)
        {
            throw StoreErrors.Unservable("dtype", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is {tensor.DType}; adapters are served from f32, bf16 and f16.");
        }
    }

    private void RequireSelected(ConfigValues values, SortedDictionary<int, SafetensorsTensor?[]> modules, BaseModel baseModel)
    {
        var selection = new ModuleSelection(values, []);
        var budget = new PatternBudget();
        foreach (var site in baseModel.Sites.Where(site => selection.IsGiven && kind.ActsOn(site.Kind)))
        {
            var selected = selection.Selects(site, budget);
            if (selected && !modules.ContainsKey(site.Index))
            {
                throw StoreErrors.Unservable("missing_modules", $"The configuration targets '{site.Path}', but the file has nothing for it.");
            }

            if (!selected && modules.ContainsKey(site.Index))
            {
                throw StoreErrors.Unservable("surplus_modules", $"The file adapts '{site.Path}', which the configuration does not target.");
            }
        }
    }

    private SiteTensors Place(Site site, SafetensorsTensor?[] tensors)
    {
        var missing = Array.IndexOf(tensors, null);
        return missing < 0
            ? kind.Place(site, [.. tensors.OfType<SafetensorsTensor>()])
            : throw StoreErrors.Unservable("missing_modules", $"The file has no {kind.Suffixes[missing][1..]} for '{site.Path}'.");
    }
}
