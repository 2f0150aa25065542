using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>A token taken apart, nothing of it believed.</summary>
internal sealed class JwtParts : IDisposable
{
    private static readonly SearchValues<char> s_letters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly JsonDocument _header;
    private readonly JsonDocument _claims;

    private JwtParts(JsonDocument header, JsonDocument claims, byte[] signature) => (_header, _claims, Signature) = (header, claims, signature);

    public JsonElement Header => _header.RootElement;

    public JsonElement Claims => _claims.RootElement;

    public byte[] Signature { get; }

    /// <summary>Null for what has not the form of a token.</summary>
    public static JwtParts? Of(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3 || Bytes(parts[0]) is not { } header || Bytes(parts[1]) is not { } claims || Bytes(parts[2]) is not { } signature || Object(header) is not { } first)
        {
            return null;
        }

        if (Object(claims) is { } second)
        {
            return new JwtParts(first, second, signature);
        }

        first.Dispose();
        return null;
    }

    /// <summary>Null where there is none, or it is no string.</summary>
    public static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public void Dispose()
    {
        _header.Dispose();
        _claims.Dispose();
    }

    private static byte[]? Bytes(string part)
    {
        if (part.Length == 0 || part.AsSpan().ContainsAnyExcept(s_letters))
        {
            return null;
        }

        try
        {
            return Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static JsonDocument? Object(byte[] json)
    {
        try
        {
            var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
