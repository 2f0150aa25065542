using System.Collections.Immutable;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats.Containers;

/// <summary>What the containers of our own share: <c>adapter_config.json</c> with a string <c>adapter_type</c>, and one tensor file.</summary>
internal static class Container
{
    private const string TypeKey = "adapter_type";

    /// <summary>Null for a folder of another format.</summary>
    public static string? TypeOf(AdapterFolder folder) =>
        folder.Config is { } config && config.TryGetProperty(TypeKey, out var type) && type.ValueKind == System.Text.Json.JsonValueKind.String ? new ConfigValues(config).Text(TypeKey) : null;

    /// <summary><b>Errors</b>: Unservable <c>unknown_option</c> for a key that says something the server does not know.</summary>
    public static void RequireKnown(ConfigValues config, ImmutableArray<string> options)
    {
        foreach (var key in config.MeaningfulKeys().Where(key => key != TypeKey && !options.Contains(key, StringComparer.Ordinal)))
        {
            throw StoreErrors.Unservable(
                "unknown_option", $"The server does not know what '{AdapterNames.Shorten(key)}' in {AdapterFolder.ConfigFile} does; remove it if the adapter computes the same without it.");
        }
    }

    /// <summary>The path of a file that the folder must have.</summary>
    public static string Require(AdapterFolder folder, string name) => folder.Files.Has(name)
        ? folder.Files.PathOf(name)
        : throw StoreErrors.Unservable("missing_weights", $"The upload has an {AdapterFolder.ConfigFile} of this type but no {name}.");

    /// <summary>A number that an f32 holds. <b>Errors</b>: Unservable <c>option_range</c>.</summary>
    public static float RequiredSingle(ConfigValues config, string key) =>
        (float)config.RequiredNumber(key) is var value && float.IsFinite(value) ? value : throw OutOfRange(key);

    public static AdapterStoreException OutOfRange(string key) =>
        StoreErrors.Unservable("option_range", $"The value of '{AdapterNames.Shorten(key)}' in {AdapterFolder.ConfigFile} does not fit this base or is not served.");
}
