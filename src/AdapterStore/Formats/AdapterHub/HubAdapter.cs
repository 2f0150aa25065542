using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>What every architecture asks of the whole adapter.</summary>
internal sealed class HubAdapter
{
    /// <param name="root">adapter_config.json.</param>
    /// <param name="baseModel">The base.</param>
    /// <param name="tensors">The file's tensors.</param>
    public HubAdapter(ConfigValues root, BaseModel baseModel, HubTensors tensors)
    {
        Base = baseModel;
        Tensors = tensors;
        Name = root.Text("name") ?? throw StoreErrors.Malformed("config_missing_key", "adapter_config.json has no 'name'.");
        IgnoresAlpha = HubConfig.IgnoresAlpha(root);
        HasOldActivationNames = HubConfig.HasOldActivationNames(root);
        ModelClass = root.Text("model_class") ?? string.Empty;
        Layers = baseModel.Sites.Count(site => site.Kind == SiteKind.Linear && site.Path.EndsWith(".q_proj", StringComparison.Ordinal));
        HiddenSize = baseModel.Sites.First(site => site.Kind == SiteKind.Embedding).OutFeatures;
        var hidden = root.IntOr("hidden_size", HiddenSize);
        if (hidden != HiddenSize)
        {
            throw StoreErrors.Unservable("shape_mismatch", $"The adapter was made for a model of width {hidden}; the base {baseModel.Id} has width {HiddenSize}.");
        }
    }

    public BaseModel Base { get; }

    public HubTensors Tensors { get; }

    /// <summary>The name in its tensors' names.</summary>
    public string Name { get; }

    public string ModelClass { get; }

    public bool IgnoresAlpha { get; }

    public bool HasOldActivationNames { get; }

    public int Layers { get; }

    public int HiddenSize { get; }

    public Site Site(string path) => Base.FindSite(path)
        ?? throw StoreErrors.Unservable("unknown_module", $"The adapter acts on '{AdapterNames.Shorten(path)}', which the base model {Base.Id} does not have.");

    /// <summary>The layers that a configuration does not leave out.</summary>
    public IEnumerable<int> LayersOf(ConfigValues config)
    {
        var left = config.Ints("leave_out") ?? [];
        return Enumerable.Range(0, Layers).Where(layer => !left.Contains(layer));
    }
}
