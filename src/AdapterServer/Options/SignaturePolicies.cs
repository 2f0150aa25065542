using AdapterServe.AdapterStore.Signatures;

namespace AdapterServe.AdapterServer.Options;

/// <summary>The names of <see cref="SignaturePolicy"/> as operators write them.</summary>
internal static class SignaturePolicies
{
    public const string Names = "off, optional or required";

    /// <summary>Null for any other text.</summary>
    public static SignaturePolicy? Parse(string text) => text switch
    {
        "off" => SignaturePolicy.Off,
        "optional" => SignaturePolicy.Optional,
        "required" => SignaturePolicy.Required,
        _ => null,
    };
}
