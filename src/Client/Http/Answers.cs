using System.Globalization;
using System.Text.Json;

namespace AdapterServe.Client.Http;

/// <summary>Bounded reading of whole answers, and the errors in them.</summary>
internal static class Answers
{
    private const int MaxErrorBytes = 64 << 10;
    private const int MaxMessageCharacters = 500;

    public static async Task RequireSuccessAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var body = await ReadAsync(response.Content, MaxErrorBytes, cut: true, cancellation).ConfigureAwait(false);
        var (code, message) = ReadError(body);
        var status = (int)response.StatusCode;
        var wait = response.Headers.RetryAfter?.Delta;
        throw new ApiException(status, code, message ?? $"The server answered {status.ToString(CultureInfo.InvariantCulture)}.", wait);
    }

    public static async Task<JsonDocument> ReadJsonAsync(HttpResponseMessage response, int maxBytes, CancellationToken cancellation)
    {
        var body = await ReadAsync(response.Content, maxBytes, cut: false, cancellation).ConfigureAwait(false);
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The answer of {response.RequestMessage?.RequestUri} is no JSON.", e);
        }
    }

    /// <summary>OpenAI's <c>{"error":{"message","code"}}</c>; null for what is not there.</summary>
    public static (string? Code, string? Message) ReadError(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error)
                ? ReadError(error)
                : (null, null);
        }
        catch (JsonException)
        {
            return (null, null);
        }
    }

    public static (string? Code, string? Message) ReadError(JsonElement error) => error.ValueKind switch
    {
        JsonValueKind.String => (null, Shorten(error.GetString()!)),
        JsonValueKind.Object => (Word(error, "code") ?? Word(error, "type"), Word(error, "message") is { } message ? Shorten(message) : null),
        _ => (null, null),
    };

    private static string? Word(JsonElement value, string name) => value.TryGetProperty(name, out var member)
        ? member.ValueKind switch { JsonValueKind.String => member.GetString(), JsonValueKind.Number => member.GetRawText(), _ => null }
        : null;

    /// <summary>Other people's text on one line without control characters.</summary>
    private static string Shorten(string text)
    {
        var line = string.Concat(text.Take(MaxMessageCharacters).Select(letter => char.IsControl(letter) ? ' ' : letter));
        return text.Length > MaxMessageCharacters ? line + "…" : line;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, int maxBytes, bool cut, CancellationToken cancellation)
    {
        using var whole = new MemoryStream();
        var stream = await content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        var buffer = new byte[16 << 10];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
        {
            if (whole.Length + read > maxBytes)
            {
                return cut ? whole.ToArray() : throw new InvalidDataException($"The answer is longer than {maxBytes} bytes.");
            }

            whole.Write(buffer, 0, read);
        }

        return whole.ToArray();
    }
}
