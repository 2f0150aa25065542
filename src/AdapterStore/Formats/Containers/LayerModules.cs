using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// The tensors of a container that has one module for each feed-forward network of the base, <c>model.layers.{i}.{part}</c>, sorted by the network's
/// site.
/// <b>Errors</b>: Unservable <c>unknown_tensor</c>, <c>missing_modules</c>.
/// </summary>
internal static class LayerModules
{
    private const string Network = "mlp";

    /// <summary>The feed-forward networks in the order of their layers.</summary>
    public static ImmutableArray<Site> Networks(BaseModel baseModel) =>
        [.. baseModel.Sites.Where(site => site.Kind == SiteKind.Sublayer && site.Path.EndsWith("." + Network, StringComparison.Ordinal))];

    /// <summary>The site of another module in the same layer.</summary>
    public static Site Beside(Site network, string module, BaseModel baseModel) =>
        baseModel.FindSite(network.Path[..^Network.Length] + module)
        ?? throw StoreErrors.Unservable("unknown_module", $"The base model {baseModel.Id} has no {module} where this type of adapter acts.");

    public static ImmutableArray<PeftModule> Of(ITensorSource file, ImmutableArray<string> parts, BaseModel baseModel)
    {
        var modules = new SortedDictionary<int, PeftModule>();
        foreach (var tensor in file.Tensors.Values)
        {
            var part = parts.FirstOrDefault(part => tensor.Name.EndsWith("." + part, StringComparison.Ordinal));
            var site = part is null ? null : baseModel.FindSite(string.Concat(tensor.Name.AsSpan(0, tensor.Name.Length - part.Length), Network));
            if (part is null || site is not { Kind: SiteKind.Sublayer })
            {
                throw StoreErrors.Unservable(
                    "unknown_tensor", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is not one that a container of this type has on this base.");
            }

            if (!modules.TryGetValue(site.Index, out var module))
            {
                modules.Add(site.Index, module = new PeftModule(site));
            }

            module.Add(part, tensor);
        }

        var missing = Networks(baseModel).FirstOrDefault(site => !modules.ContainsKey(site.Index));
        return missing is null
            ? [.. modules.Values]
            : throw StoreErrors.Unservable(
                "missing_modules", $"The file has nothing for '{missing.Path}'; this type of adapter acts in every layer of the base.");
    }
}
