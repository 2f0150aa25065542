using System.Collections.Immutable;
using System.Text.Json;

namespace AdapterServe.Engine.Models.HuggingFace.Families;

/// <summary>Which layers see how many positions.</summary>
internal static class LayerWindows
{
    /// <summary>0 where the configuration says null: all positions.</summary>
    public static int Size(JsonFile config, string field, int fallback) =>
        config.Names(field) && !config.Has(field) ? 0 : config.Count(field, fallback);

    public static ImmutableArray<int> Of(int layers, int window, Func<int, bool> isWindowed) =>
        [.. Enumerable.Range(0, layers).Select(layer => isWindowed(layer) ? window : 0)];

    /// <summary>What <c>layer_types</c> says, if it is there.</summary>
    public static Func<int, bool>? Types(JsonFile config, int layers)
    {
        if (JsonFile.Field(config.Root, "layer_types") is not { } types)
        {
            return null;
        }

        if (types.ValueKind != JsonValueKind.Array || types.GetArrayLength() != layers)
        {
            throw config.Wrong("layer_types", $"a list of {layers} types");
        }

        bool[] windowed = [.. types.EnumerateArray().Select(type => IsWindowed(config, type))];
        return layer => windowed[layer];
    }

    private static bool IsWindowed(JsonFile config, JsonElement type) => type.ValueKind == JsonValueKind.String ? type.GetString() switch
    {
        "sliding_attention" => true,
        "full_attention" => false,
        var other => throw new ModelImportException("config_unsupported", $"{config.Name}: the layer type '{other}' is not supported; full_attention and sliding_attention are."),
    }
    : throw config.Wrong("layer_types", "a list of names");
}
