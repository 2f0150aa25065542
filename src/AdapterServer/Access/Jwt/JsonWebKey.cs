using System.Security.Cryptography;

namespace AdapterServe.AdapterServer.Access.Jwt;

/// <summary>A public key and the one algorithm that it is for. <b>Effects</b>: thread safe.</summary>
internal sealed class JsonWebKey
{
    public const string Rs256 = "RS256";
    public const string Es256 = "ES256";

    private readonly Lock _gate = new();
    private readonly RSA? _rsa;
    private readonly ECDsa? _curve;

    public JsonWebKey(string? id, RSA key) => (Id, Algorithm, _rsa) = (id, Rs256, key);

    public JsonWebKey(string? id, ECDsa key) => (Id, Algorithm, _curve) = (id, Es256, key);

    /// <summary><c>kid</c>.</summary>
    public string? Id { get; }

    public string Algorithm { get; }

    public bool Verifies(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        lock (_gate)
        {
            return _rsa?.VerifyData(content, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
                ?? _curve!.VerifyData(content, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }
    }
}
