using System.Text.Json;
using System.Text.Unicode;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// JSON files of an adapter, read without leniency: UTF-8, one object, no key twice, depth up to 64, up to 1 MiB.
/// <b>Errors</b>: Malformed, one code for each of these.
/// </summary>
internal static class StrictJson
{
    private const int MaxBytes = 1 << 20;
    private const int MaxDepth = 64;

    public static JsonDocument ReadObject(string path, string name)
    {
        var length = new FileInfo(path).Length;
        if (length > MaxBytes)
        {
            throw StoreErrors.Malformed("config_too_large", $"{name} has {length} bytes; at most {MaxBytes} are read.");
        }

        var bytes = File.ReadAllBytes(path);
        if (!Utf8.IsValid(bytes))
        {
            throw StoreErrors.Malformed("config_not_utf8", $"{name} is not valid UTF-8.");
        }

        var document = Parse(bytes, name);
        if (document.RootElement.ValueKind == JsonValueKind.Object)
        {
            return document;
        }

        document.Dispose();
        throw StoreErrors.Malformed("config_not_object", $"{name} must hold one JSON object.");
    }

    private static JsonDocument Parse(byte[] bytes, string name)
    {
        var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
        try
        {
            return JsonDocument.Parse(bytes, options);
        }
        catch (JsonException) when (IsSoundButForDuplicates(bytes, options))
        {
            throw StoreErrors.Malformed("config_duplicate_key", $"{name} holds a key twice.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped half of a surrogate pair in a key.
            throw StoreErrors.Malformed("config_json", $"{name} is not valid JSON of at most {MaxDepth} levels.", error);
        }
    }

    private static bool IsSoundButForDuplicates(byte[] bytes, JsonDocumentOptions options)
    {
        try
        {
            using var _ = JsonDocument.Parse(bytes, options with { AllowDuplicateProperties = true });
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
