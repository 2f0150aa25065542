using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterStore.Validation;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Typed access to a configuration object whose author is not trusted.
/// <b>Errors</b>: Malformed <c>config_wrong_type</c> for a value of another type, <c>config_missing_key</c> for a required one that is absent.
/// </summary>
internal sealed class ConfigValues(JsonElement root)
{
    /// <summary>The value, or null when the key is absent or null.</summary>
    public JsonElement? Find(string key) =>
        root.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public bool Flag(string key) => FlagOr(key, absent: false);

    public bool FlagOr(string key, bool absent) => Find(key) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw WrongType(key, "true or false"),
    };

    public int RequiredInt(string key) => Int(key, Find(key) ?? throw Missing(key));

    public double RequiredNumber(string key) => Number(key, Find(key) ?? throw Missing(key));

    public int IntOr(string key, int absent) => Find(key) is { } value ? Int(key, value) : absent;

    public double NumberOr(string key, double absent) => Find(key) is { } value ? Number(key, value) : absent;

    public string? Text(string key) => Find(key) is { } value ? Text(key, value) : null;

    /// <summary>A list of strings, or one string as a list of one; empty when absent.</summary>
    public ImmutableArray<string> Texts(string key) => Find(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.String } value => [Text(key, value)],
        { ValueKind: JsonValueKind.Array } value => [.. value.EnumerateArray().Select(item => Text(key, item))],
        _ => throw WrongType(key, "a string or a list of strings"),
    };

    /// <summary>A list of integers, or one as a list of one; null when absent or empty.</summary>
    public ImmutableArray<int>? Ints(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value => [Int(key, value)],
        { ValueKind: JsonValueKind.Array } value => value.GetArrayLength() == 0 ? null : [.. value.EnumerateArray().Select(item => Int(key, item))],
        _ => throw WrongType(key, "an integer or a list of integers"),
    };

    /// <summary>An object inside of this one.</summary>
    public ConfigValues Object(string key) => Find(key) is { ValueKind: JsonValueKind.Object } value ? new ConfigValues(value) : throw WrongType(key, "an object");

    /// <summary>An object's members in the file's order; empty when absent.</summary>
    public ImmutableArray<(string Key, JsonElement Value)> Members(string key) => Find(key) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Object } value => [.. value.EnumerateObject().Select(member => (Name(key, member), member.Value))],
        _ => throw WrongType(key, "an object"),
    };

    /// <summary>Keys whose values say something: not null, false, 0, or empty.</summary>
    public IEnumerable<string> MeaningfulKeys() => root.EnumerateObject().Where(member => IsMeaningful(member.Value)).Select(member => Name("a key", member));

    public bool IsMeaningful(string key) => Find(key) is { } value && IsMeaningful(value);

    public static int Int(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw WrongType(key, "an integer");

    public static double Number(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) ? number : throw WrongType(key, "a number");

    /// <summary>How many of a list of true and false are true.</summary>
    public static int CountTrue(string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind is JsonValueKind.True or JsonValueKind.False)
            ? value.EnumerateArray().Count(item => item.ValueKind == JsonValueKind.True)
            : throw WrongType(key, "an object of lists of true and false");

    public static string Text(string key, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw WrongType(key, "a string");
        }
        catch (InvalidOperationException)
        {
            throw BrokenString(key);
        }
    }

    private static string Name(string key, JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw BrokenString(key);
        }
    }

    private static bool IsMeaningful(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False or JsonValueKind.Undefined => false,
        JsonValueKind.Number => !value.TryGetDouble(out var number) || number != 0,
        JsonValueKind.String => value.GetRawText() != "\"\"",
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => true,
    };

    private static AdapterStoreException WrongType(string key, string expected) =>
        StoreErrors.Malformed("config_wrong_type", $"'{AdapterNames.Shorten(key)}' in {AdapterFolder.ConfigFile} must be {expected}.");

    private static AdapterStoreException Missing(string key) =>
        StoreErrors.Malformed("config_missing_key", $"{AdapterFolder.ConfigFile} has no '{key}'.");

    private static AdapterStoreException BrokenString(string key) =>
        StoreErrors.Malformed("config_json", $"'{AdapterNames.Shorten(key)}' in {AdapterFolder.ConfigFile} holds half a surrogate pair.");
}
