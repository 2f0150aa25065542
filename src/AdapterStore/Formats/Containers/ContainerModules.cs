using System.Collections.Immutable;
using AdapterServe.AdapterStore.Formats.Peft.Methods;
using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>
/// The tensors of a container, <c>{prefix}{module path}.{part}</c>, sorted by the site that they belong to.
/// <b>Errors</b>: Unservable, one code for each way in which file, configuration and base disagree.
/// </summary>
internal static class ContainerModules
{
    /// <param name="tensors">Every one must be a part of a module.</param>
    /// <param name="prefix">What stands before a module's path.</param>
    /// <param name="parts">What may stand behind it.</param>
    /// <param name="baseModel">The base.</param>
    public static SortedDictionary<int, PeftModule> Of(IEnumerable<SafetensorsTensor> tensors, string prefix, ImmutableArray<string> parts, BaseModel baseModel)
    {
        var modules = new SortedDictionary<int, PeftModule>();
        foreach (var tensor in tensors)
        {
            var part = parts.FirstOrDefault(part => tensor.Name.EndsWith("." + part, StringComparison.Ordinal));
            if (part is null || !tensor.Name.StartsWith(prefix, StringComparison.Ordinal) || tensor.Name.Length < prefix.Length + part.Length + 2)
            {
                throw StoreErrors.Unservable("unknown_tensor", $"The tensor '{AdapterNames.Shorten(tensor.Name)}' is not one that a container of this type has.");
            }

            var site = PeftTensors.FindSite(tensor.Name[prefix.Length..^(part.Length + 1)], baseModel);
            if (!modules.TryGetValue(site.Index, out var module))
            {
                modules.Add(site.Index, module = new PeftModule(site));
            }

            module.Add(part, tensor);
        }

        return modules.Count > 0 ? modules : throw StoreErrors.Unservable("no_modules", "The file adapts no module.");
    }

    /// <summary><c>target_modules</c> holds the paths of exactly those modules that the file has.</summary>
    public static void RequireTargets(ConfigValues config, SortedDictionary<int, PeftModule> modules)
    {
        var targets = config.Texts("target_modules").ToHashSet(StringComparer.Ordinal);
        foreach (var module in modules.Values.Where(module => !targets.Remove(module.Site.Path)))
        {
            throw StoreErrors.Unservable("surplus_modules", $"The file adapts '{module.Site.Path}', which the configuration does not target.");
        }

        if (targets.FirstOrDefault() is { } missing)
        {
            throw StoreErrors.Unservable("missing_modules", $"The configuration targets '{AdapterNames.Shorten(missing)}', but the file has nothing for it.");
        }
    }
}
