using System.Runtime.InteropServices;

namespace AdapterServe.AdapterStore.Signatures;

/// <summary>Ed25519 (RFC 8032), checked by OpenSSL's libcrypto, as .NET has none of its own. <b>Effects</b>: any thread.</summary>
internal sealed class Ed25519
{
    public const int KeyBytes = 32;
    public const int SignatureBytes = 64;

    private const int KeyType = 1087;

    private static readonly string[] Libraries = ["libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.3.dylib", "libcrypto-3-x64.dll"];

    private readonly MakeKey _makeKey;
    private readonly MakeContext _makeContext;
    private readonly BeginVerification _begin;
    private readonly Verification _verify;
    private readonly Free _freeKey;
    private readonly Free _freeContext;

    private Ed25519(nint library)
    {
        _makeKey = Get<MakeKey>(library, "EVP_PKEY_new_raw_public_key");
        _makeContext = Get<MakeContext>(library, "EVP_MD_CTX_new");
        _begin = Get<BeginVerification>(library, "EVP_DigestVerifyInit");
        _verify = Get<Verification>(library, "EVP_DigestVerify");
        _freeKey = Get<Free>(library, "EVP_PKEY_free");
        _freeContext = Get<Free>(library, "EVP_MD_CTX_free");
    }

    private delegate nint MakeKey(int type, nint engine, byte[] key, nuint bytes);

    private delegate nint MakeContext();

    private delegate int BeginVerification(nint context, nint keyContext, nint digest, nint engine, nint key);

    private delegate int Verification(nint context, byte[] signature, nuint signatureBytes, byte[] message, nuint messageBytes);

    private delegate void Free(nint handle);

    /// <summary>Null where there is no OpenSSL of 1.1.1 or later.</summary>
    public static Ed25519? TryLoad()
    {
        foreach (var name in Libraries)
        {
            if (NativeLibrary.TryLoad(name, typeof(Ed25519).Assembly, DllImportSearchPath.SafeDirectories, out var library))
            {
                return new Ed25519(library);
            }
        }

        return null;
    }

    /// <summary>Whether the signature is the key's over the message.</summary>
    public bool Verify(byte[] key, byte[] message, byte[] signature)
    {
        var handle = _makeKey(KeyType, 0, key, (nuint)key.Length);
        if (handle == 0)
        {
            return false;
        }

        var context = _makeContext();
        try
        {
            return context != 0 && _begin(context, 0, 0, 0, handle) == 1
                && _verify(context, signature, (nuint)signature.Length, message, (nuint)message.Length) == 1;
        }
        finally
        {
            _freeContext(context);
            _freeKey(handle);
        }
    }

    private static T Get<T>(nint library, string name) => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
}
