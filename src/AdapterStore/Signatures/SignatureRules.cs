using System.Text;

namespace AdapterServe.AdapterStore.Signatures;

/// <summary>
/// Who vouches for an upload.
/// <b>Semantics</b>: what is signed is the content's digest, as the ASCII text <c>sha256:</c> and 64 lower-case hexadecimal digits. It is checked
/// once, when the content becomes a version.
/// </summary>
internal sealed class SignatureRules
{
    private readonly SignaturePolicy _policy;
    private readonly IReadOnlyList<TrustedKey> _keys = [];
    private readonly Ed25519? _algorithm;

    /// <summary>
    /// <b>Errors</b>: Conflict <c>trusted_keys</c> for a file that is missing or wrong, or where there is nothing to check signatures with.
    /// </summary>
    public SignatureRules(AdapterStoreOptions options)
    {
        _policy = options.Signatures;
        if (_policy != SignaturePolicy.Off)
        {
            _keys = TrustedKeys.Read(options.TrustedKeys ?? string.Empty);
            _algorithm = Ed25519.TryLoad()
                ?? throw new AdapterStoreException(
                    AdapterErrorKind.Conflict,
                    "trusted_keys",
                    "Signatures are checked by OpenSSL's libcrypto, which is not installed; install OpenSSL 3, or start with --signatures off.");
        }
    }

    /// <summary>
    /// The name of the key that signed a content; null where none did, or nobody looks.
    /// <b>Errors</b>: Unservable <c>signature_required</c>, <c>signature_invalid</c>.
    /// </summary>
    public string? Signer(string tenant, string digest, string? signature)
    {
        if (_policy == SignaturePolicy.Off)
        {
            return null;
        }

        if (signature is null)
        {
            return _policy == SignaturePolicy.Optional
                ? null
                : throw StoreErrors.Unservable(
                    "signature_required",
                    $"This server takes signed adapters only; sign the text {digest} with a trusted Ed25519 key, and send the signature with the upload.");
        }

        var bytes = new byte[Ed25519.SignatureBytes];
        var isSignature = Convert.TryFromBase64String(signature, bytes, out var count) && count == bytes.Length;
        var message = Encoding.ASCII.GetBytes(digest);
        var counting = _keys.Where(key => isSignature && (key.Tenant is null || key.Tenant == tenant));
        var signer = counting.FirstOrDefault(key => _algorithm!.Verify(key.Key, message, bytes));
        return signer?.Name ?? throw StoreErrors.Unservable(
            "signature_invalid", $"The signature is not that of a trusted key over the text {digest}, which is the digest of what was uploaded.");
    }
}
