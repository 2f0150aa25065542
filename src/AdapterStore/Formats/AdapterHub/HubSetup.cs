using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AdapterServe.AdapterStore.Formats.AdapterHub;

/// <summary>
/// A block of <c>adapter_setup.json</c>, the composition that the adapters library's <c>save_adapter_setup</c> wrote beside the folders of its adapters.
/// <b>Errors</b>: Malformed <c>adapter_setup</c> for what the library does not write.
/// </summary>
/// <param name="Type">The library's name of the block, or <c>single</c>.</param>
/// <param name="Name">Of a single adapter its name; empty otherwise.</param>
/// <param name="Children">Of a composition at least one.</param>
/// <param name="Numbers">The weights of an average, the lengths of a split; empty where there are none.</param>
internal sealed record HubSetup(string Type, string Name, ImmutableArray<HubSetup> Children, ImmutableArray<double> Numbers)
{
    public const string File = "adapter_setup.json";
    private const string SingleType = "single";

    public static HubSetup Read(AdapterFolder folder)
    {
        using var document = StrictJson.ReadObject(folder.Files.PathOf(File), File);
        return document.RootElement.TryGetProperty("adapter_setup", out var setup) ? Read(setup) : throw Wrong();
    }

    /// <summary>The name of the only adapter, or null.</summary>
    public string? Alone => Type == SingleType ? Name : Children is [var only] && Type == "Stack" ? only.Alone : null;

    /// <summary>The fields of a request that do the same, or null where none does.</summary>
    public JsonObject? Request => Type switch
    {
        "Stack" when Children is [{ Type: not SingleType } only] => only.Request,
        "Stack" when Children.All(child => child.Type is SingleType or "Average" or "Fuse") => Stacked(),
        "Average" when IsFlat => With("average", Children.Select((child, i) => Part(child, ("weight", Numbers.IsEmpty ? 1.0 / Children.Length : Numbers[i])))),
        "Fuse" when IsFlat => With("fuse", Children.Select(child => Part(child)), "the fusion's adapter"),
        "Split" when IsFlat && Numbers.Length > 0 => With("split", Children.Select((child, i) => i == 0 ? Part(child) : Part(child, ("from_token", Numbers.Take(i).Sum())))),
        _ => null,
    };

    private JsonObject? Stacked()
    {
        JsonObject?[] parts = [.. Children.Select(child => child.Type == SingleType ? Part(child) : child.Request)];
        return parts.Contains(null) ? null : With("stack", parts);
    }

    private bool IsFlat => Children.All(child => child.Type == SingleType);

    private static HubSetup Read(JsonElement block)
    {
        if (block.ValueKind != JsonValueKind.Object || !block.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String
            || !block.TryGetProperty("children", out var children) || children.ValueKind != JsonValueKind.Array || children.GetArrayLength() == 0)
        {
            throw Wrong();
        }

        if (type.GetString() == SingleType)
        {
            return children[0].ValueKind == JsonValueKind.String && children.GetArrayLength() == 1 ? new HubSetup(SingleType, children[0].GetString()!, [], []) : throw Wrong();
        }

        ImmutableArray<HubSetup> read = [.. children.EnumerateArray().Select(Read)];
        var numbers = NumbersOf(block);
        return numbers.IsEmpty || numbers.Length == read.Length ? new HubSetup(type.GetString()!, string.Empty, read, numbers) : throw Wrong();
    }

    private static ImmutableArray<double> NumbersOf(JsonElement block)
    {
        if (!block.TryGetProperty("kwargs", out var kwargs) || kwargs.ValueKind != JsonValueKind.Object
            || (!kwargs.TryGetProperty("weights", out var numbers) && !kwargs.TryGetProperty("splits", out numbers)))
        {
            return [];
        }

        return numbers.ValueKind == JsonValueKind.Array && numbers.EnumerateArray().All(number => number.ValueKind == JsonValueKind.Number)
            ? [.. numbers.EnumerateArray().Select(number => number.GetDouble())]
            : throw Wrong();
    }

    private static JsonObject With(string combine, IEnumerable<JsonObject?> parts, string? fusion = null)
    {
        var request = new JsonObject { ["adapters"] = new JsonArray([.. parts]), ["combine"] = combine };
        if (fusion is not null)
        {
            request["fusion"] = fusion;
        }

        return request;
    }

    private static JsonObject Part(HubSetup single, (string Name, double Value)? number = null)
    {
        var part = new JsonObject { ["name"] = single.Name };
        if (number is { } given)
        {
            part[given.Name] = given.Value;
        }

        return part;
    }

    private static AdapterStoreException Wrong() => StoreErrors.Malformed("adapter_setup", $"{File} is not what the adapters library's save_adapter_setup writes.");
}
