using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace AdapterServe.AdapterServer.Tests.Access;

/// <summary>An issuer with an RSA key and one on the curve P-256.</summary>
internal sealed class TokenMaker
{
    public const string RsaId = "rsa-1";
    public const string CurveId = "ec-1";
    public const string Issuer = "https://issuer.example";
    public const string Audience = "adapterserve";

    public RSA Rsa { get; } = RSA.Create(2048);

    public ECDsa Curve { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Its JWKS document, with a secret and a key for encryption, which are nobody's to verify with.</summary>
    public JsonObject Document()
    {
        var (rsa, point) = (Rsa.ExportParameters(false), Curve.ExportParameters(false).Q);
        return new JsonObject
        {
            ["keys"] = new JsonArray(
                new JsonObject { ["kty"] = "RSA", ["kid"] = RsaId, ["use"] = "sig", ["alg"] = "RS256", ["n"] = Text(rsa.Modulus!), ["e"] = Text(rsa.Exponent!) },
                new JsonObject { ["kty"] = "EC", ["kid"] = CurveId, ["crv"] = "P-256", ["x"] = Text(point.X!), ["y"] = Text(point.Y!) },
                new JsonObject { ["kty"] = "oct", ["kid"] = "secret", ["k"] = Text([1, 2, 3]) },
                new JsonObject { ["kty"] = "RSA", ["kid"] = "enc", ["use"] = "enc", ["n"] = Text(rsa.Modulus!), ["e"] = Text(rsa.Exponent!) }),
        };
    }

    public static JsonObject Claims(DateTimeOffset now, string tenant = "acme", string scope = "infer upload") => new()
    {
        ["iss"] = Issuer, ["aud"] = Audience, ["sub"] = "alice", ["tenant"] = tenant, ["scope"] = scope, ["exp"] = now.ToUnixTimeSeconds() + 300,
    };

    public static JsonObject Header(string algorithm, string? id)
    {
        var header = new JsonObject { ["alg"] = algorithm, ["typ"] = "JWT" };
        if (id is not null)
        {
            header["kid"] = id;
        }

        return header;
    }

    /// <summary>Signed as the header says: RS256, ES256, HS256 with the RSA key's PEM as the secret, or not at all.</summary>
    public string Make(JsonObject header, JsonObject claims)
    {
        var content = Text(Encoding.UTF8.GetBytes(header.ToJsonString())) + "." + Text(Encoding.UTF8.GetBytes(claims.ToJsonString()));
        var bytes = Encoding.ASCII.GetBytes(content);
        return content + "." + (string?)header["alg"] switch
        {
            "RS256" => Text(Rsa.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)),
            "ES256" => Text(Curve.SignData(bytes, HashAlgorithmName.SHA256)),
            "HS256" => Text(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Rsa.ExportSubjectPublicKeyInfoPem()), bytes)),
            _ => string.Empty,
        };
    }

    public string Good(DateTimeOffset now) => Make(Header("RS256", RsaId), Claims(now));

    public static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
