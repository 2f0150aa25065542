using System.Text.Json;
using System.Text.Unicode;
using AdapterServe.AdapterServer.Errors;
using Microsoft.Net.Http.Headers;

namespace AdapterServe.AdapterServer.Json;

/// <summary>
/// Reads a request's body as one strict JSON object: UTF-8, depth at most 64, no comments, no trailing commas, no key twice in an object,
/// no lone surrogate, nothing after the value.
/// <b>Errors</b>: <see cref="ApiException"/> 400 <c>invalid_json</c>, <c>json_too_complex</c> or <c>invalid_type</c>, 413, 415.
/// </summary>
internal static class JsonBody
{
    public const int MaxDepth = 64;

    /// <summary>Each value costs the document 12 bytes beside its text; this bounds them to about 100 MB.</summary>
    private const int MaxValues = 8_000_000;

    private const int FirstCapacityBytes = 64 * 1024;

    /// <summary>The body's document; the caller disposes it.</summary>
    public static async Task<JsonDocument> ReadAsync(HttpContext context, long limitBytes)
    {
        CheckContentType(context.Request);
        if (context.Request.ContentLength > limitBytes)
        {
            throw TooLarge(limitBytes);
        }

        var bytes = await ReadBytesAsync(context, limitBytes).ConfigureAwait(false);
        return Parse(bytes);
    }

    /// <summary>The same checks on bytes that are already here.</summary>
    public static JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            throw new ApiException(400, ErrorCodes.InvalidJson, "The body is not valid UTF-8.");
        }

        try
        {
            Scan(bytes.Span);
            var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Disallow };
            var document = JsonDocument.Parse(bytes, options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                document.Dispose();
                throw new ApiException(400, ErrorCodes.InvalidType, "The body must be a JSON object.");
            }

            return document;
        }
        catch (JsonException e)
        {
            throw new ApiException(400, ErrorCodes.InvalidJson, Describe(e));
        }
    }

    private static void CheckContentType(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) ||
            (type.Charset.HasValue && !HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ApiException(415, ErrorCodes.UnsupportedContentType, "The body must be application/json in UTF-8.");
        }

        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
        {
            throw new ApiException(415, ErrorCodes.UnsupportedContentEncoding, "A JSON body must come without Content-Encoding.");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpContext context, long limitBytes)
    {
        // A declared length is only a claim: capacity grows with what really comes.
        var buffer = new byte[(int)Math.Clamp(context.Request.ContentLength ?? 4096, 16, FirstCapacityBytes) + 1];
        var length = 0;
        while (true)
        {
            var read = await context.Request.Body.ReadAsync(buffer.AsMemory(length), context.RequestAborted).ConfigureAwait(false);
            if (read == 0)
            {
                return buffer.AsMemory(0, length);
            }

            length += read;
            if (length > limitBytes)
            {
                throw TooLarge(limitBytes);
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, checked((int)Math.Min(limitBytes + 1, buffer.Length * 2L)));
            }
        }
    }

    private static void Scan(ReadOnlySpan<byte> bytes)
    {
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
        var values = 0;
        while (reader.Read())
        {
            if (++values > MaxValues)
            {
                throw new ApiException(400, ErrorCodes.JsonTooComplex, $"The body has more than {MaxValues} JSON values.");
            }

            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped && HasLoneSurrogate(reader.ValueSpan))
            {
                throw new ApiException(400, ErrorCodes.InvalidJson, "A string in the body has half of a surrogate pair.");
            }
        }
    }

    /// <summary>Whether an escaped JSON string, syntactically sound, has a <c>\uD800</c>–<c>\uDFFF</c> without its other half.</summary>
    private static bool HasLoneSurrogate(ReadOnlySpan<byte> text)
    {
        var open = false;
        for (var i = 0; i < text.Length; i++)
        {
            var unit = -1;
            if (text[i] == '\\')
            {
                i++;
                if (text[i] == 'u')
                {
                    unit = int.Parse(text.Slice(i + 1, 4), System.Globalization.NumberStyles.AllowHexSpecifier, System.Globalization.CultureInfo.InvariantCulture);
                    i += 4;
                }
            }

            var low = unit is >= 0xDC00 and <= 0xDFFF;
            if (low != open)
            {
                return true;
            }

            open = unit is >= 0xD800 and <= 0xDBFF;
        }

        return open;
    }

    private static string Describe(JsonException e)
    {
        var place = e.LineNumber is { } line && e.BytePositionInLine is { } column ? $" (line {line + 1}, byte {column + 1})" : string.Empty;
        return e.Message.Contains("uplicate", StringComparison.Ordinal)
            ? "The body is not strict JSON: a key stands twice in one object."
            : $"The body is not strict JSON{place}: one UTF-8 value of depth at most {MaxDepth}, without comments or trailing commas, and nothing after it.";
    }

    private static ApiException TooLarge(long limitBytes) =>
        new(413, ErrorCodes.RequestTooLarge, $"The body is larger than the limit of {limitBytes} bytes.");
}
