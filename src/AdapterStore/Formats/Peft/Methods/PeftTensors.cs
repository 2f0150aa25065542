using AdapterServe.AdapterStore.Formats.Patterns;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Peft.Methods;

/// <summary>
/// The file's tensors sorted by the site that they belong to, checked against the modules that the configuration selects.
/// <b>Errors</b>: Unservable, one code for each way in which file, configuration and base disagree.
/// </summary>
internal sealed class PeftTensors
{
    private const string Root = "base_model.";
    private const string Model = "model.";

    private readonly SortedDictionary<int, PeftModule> _bySite = [];
    private readonly Dictionary<string, SafetensorsTensor> _shared = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<int, PeftModule> BySite => _bySite;

    /// <summary>By name without <c>base_model.</c>.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Shared => _shared;

    public static PeftTensors From(ITensorSource file, IPeftMethod method, BaseModel baseModel)
    {
        var tensors = new PeftTensors();
        foreach (var tensor in file.Tensors.Values)
        {
            tensors.Add(tensor, method, baseModel);
        }

        return tensors._bySite.Count > 0 ? tensors : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
    }

    public void RequireSelected(ConfigValues config, BaseModel baseModel, PatternBudget budget)
    {
        var selection = new ModuleSelection(config, []);
        if (!selection.IsGiven)
        {
            return;
        }

        foreach (var site in baseModel.Sites.Where(site => site.Kind is not (SiteKind.Norm or SiteKind.Sublayer)))
        {
            var selected = selection.Selects(site, budget);
            if (selected && !_bySite.ContainsKey(site.Index))
            {
                throw StoreErrors.Unservable("missing_modules", $"The configuration targets '{site.Path}', but the file has nothing for it.");
            }

            if (!selected && _bySite.ContainsKey(site.Index))
            {
                throw StoreErrors.Unservable("surplus_modules", $"The file adapts '{site.Path}', which the configuration does not target.");
            }
        }
    }

    private void Add(SafetensorsTensor tensor, IPeftMethod method, BaseModel baseModel)
    {
        if (!tensor.Name.StartsWith(Root, StringComparison.Ordinal))
        {
            throw Unknown(tensor, method);
        }

        var name = tensor.Name[Root.Length..];
        if (method.Shared.Any(shared => name == shared || name.StartsWith(shared + ".", StringComparison.Ordinal)))
        {
            _shared.Add(name, tensor);
            return;
        }

        var part = name.StartsWith(Model, StringComparison.Ordinal)
            ? method.Parts.FirstOrDefault(part => name.EndsWith("." + part, StringComparison.Ordinal))
            : null;
        if (part is null || name.Length < Model.Length + part.Length + 2)
        {
            throw Unknown(tensor, method);
        }

        var site = FindSite(name[Model.Length..^(part.Length + 1)], baseModel);
        if (!_bySite.TryGetValue(site.Index, out var module))
        {
            _bySite.Add(site.Index, module = new PeftModule(site));
        }

        module.Add(part, tensor);
    }

    public static Site FindSite(string path, BaseModel baseModel)
    {
        var site = baseModel.FindSite(path) ?? throw StoreErrors.Unservable(
            "unknown_module", $"The file adapts '{AdapterNames.Shorten(path)}', which the base model {baseModel.Id} does not have.");
        return site.Kind is SiteKind.Linear or SiteKind.Head
            ? site
            : throw StoreErrors.Unservable("module_kind", $"The file adapts '{site.Path}', which is not a linear layer; leave it out of target_modules.");
    }

    private static AdapterStoreException Unknown(SafetensorsTensor tensor, IPeftMethod method) => StoreErrors.Unservable(
        "unknown_tensor", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is not one that PEFT writes for {method.Type}.");
}
