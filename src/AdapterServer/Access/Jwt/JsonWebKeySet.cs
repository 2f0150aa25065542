using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>The keys of a JWKS document that can verify RS256 or ES256; others in it are passed over.</summary>
internal sealed record JsonWebKeySet(ImmutableArray<JsonWebKey> Keys)
{
    public const int MostBytes = 1 << 20;

    private const int MostKeys = 100;
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;
    private const int CurveBytes = 32;

    public static JsonWebKeySet Empty { get; } = new([]);

    /// <summary><b>Errors</b>: <see cref="FormatException"/> for what is no JWKS document.</summary>
    public static JsonWebKeySet Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16, AllowDuplicateProperties = false });
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("keys", out var keys) && keys.ValueKind == JsonValueKind.Array
                && keys.GetArrayLength() <= MostKeys
                ? new JsonWebKeySet([.. keys.EnumerateArray().Select(Key).OfType<JsonWebKey>()])
                : throw new FormatException($"a JWKS document is an object with a list 'keys' of at most {MostKeys}");
        }
        catch (JsonException error)
        {
            throw new FormatException("it is not JSON", error);
        }
    }

    /// <summary>The key that a token's header means; null where none, or not exactly one, can be meant.</summary>
    public JsonWebKey? Find(string algorithm, string? id)
    {
        var found = Keys.Where(key => key.Algorithm == algorithm && (id is null || key.Id == id)).Take(2).ToArray();
        return found.Length == 1 ? found[0] : null;
    }

    private static JsonWebKey? Key(JsonElement key)
    {
        if (key.ValueKind != JsonValueKind.Object || (Text(key, "use") ?? "sig") != "sig" || !MayVerify(key))
        {
            return null;
        }

        try
        {
            return (Text(key, "kty"), Text(key, "alg")) switch
            {
                ("RSA", null or JsonWebKey.Rs256) => OfRsa(key),
                ("EC", null or JsonWebKey.Es256) when Text(key, "crv") == "P-256" => OfCurve(key),
                _ => null,
            };
        }
        catch (Exception error) when (error is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private static JsonWebKey? OfRsa(JsonElement key)
    {
        var rsa = RSA.Create(new RSAParameters { Modulus = Bytes(key, "n"), Exponent = Bytes(key, "e") });
        return rsa.KeySize is >= LeastRsaBits and <= MostRsaBits ? new JsonWebKey(Text(key, "kid"), rsa) : null;
    }

    private static JsonWebKey? OfCurve(JsonElement key)
    {
        var point = new ECPoint { X = Bytes(key, "x"), Y = Bytes(key, "y") };
        return point is { X.Length: CurveBytes, Y.Length: CurveBytes }
            ? new JsonWebKey(Text(key, "kid"), ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = point }))
            : null;
    }

    private static bool MayVerify(JsonElement key) =>
        !key.TryGetProperty("key_ops", out var operations)
        || (operations.ValueKind == JsonValueKind.Array && operations.EnumerateArray().Any(operation => operation.ValueKind == JsonValueKind.String && operation.ValueEquals("verify")));

    private static byte[] Bytes(JsonElement key, string name) => Base64Url.DecodeFromChars(Text(key, name) ?? throw new FormatException());

    private static string? Text(JsonElement key, string name) => key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
