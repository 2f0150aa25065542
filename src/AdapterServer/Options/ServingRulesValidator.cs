using System.Net;
using AdapterServe.AdapterServer.Rest.Tools;
using AdapterServe.AdapterStore.Signatures;
using AdapterServe.Engine.Models;
using Microsoft.Extensions.Options;

namespace AdapterServe.AdapterServer.Options;

/// <summary>The rules of <see cref="ServerOptions"/> that a range can't say.</summary>
internal sealed class ServingRulesValidator : IValidateOptions<ServerOptions>
{
    public ValidateOptionsResult Validate(string? name, ServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new List<string>();
        if (!IPAddress.TryParse(options.Bind, out _))
        {
            failures.Add($"--bind must be an IP address, not '{options.Bind}'.");
        }

        if (WeightFormats.Parse(options.Weights) is null)
        {
            failures.Add($"--weights must be {WeightFormats.Names}, not '{options.Weights}'.");
        }

        if (options.MayFuse && options.Weights is "int8" or "int4")
        {
            var bits = options.Weights["int".Length..];
            failures.Add($"--fusable and --fused need --weights f32: weights of {bits} bits can't hold the sum with an adapter exactly.");
        }

        if (options.EmbeddingWeights.Length > 0 && WeightFormats.Parse(options.EmbeddingWeights) is null)
        {
            failures.Add($"--embedding-weights must be {WeightFormats.Names}, not '{options.EmbeddingWeights}'.");
        }

        if (AdapterWeightFormats.Parse(options.AdapterWeights) is null)
        {
            failures.Add($"--adapter-weights must be {AdapterWeightFormats.Names}, not '{options.AdapterWeights}'.");
        }

        if (KvFormats.Parse(options.Kv) is null)
        {
            failures.Add($"--kv must be {KvFormats.Names}, not '{options.Kv}'.");
        }

        if (options.ToolCalls != ToolFormat.Auto && ToolFormat.All.All(format => format.Name != options.ToolCalls))
        {
            failures.Add($"--tool-calls must be one of {ToolFormat.Names}, not '{options.ToolCalls}'.");
        }

        if (options.GrpcCompression is not ("none" or "gzip"))
        {
            failures.Add($"--grpc-compression must be none or gzip, not '{options.GrpcCompression}'.");
        }

        if (options.S3Endpoint.Length > 0 && !(Uri.TryCreate(options.S3Endpoint, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"))
        {
            failures.Add($"--s3-endpoint must be an address such as http://127.0.0.1:9000, not '{options.S3Endpoint}'.");
        }

        if (SignaturePolicies.Parse(options.Signatures) is not { } signatures)
        {
            failures.Add($"--signatures must be {SignaturePolicies.Names}, not '{options.Signatures}'.");
        }
        else if (signatures == SignaturePolicy.Off != (options.TrustedKeys.Length == 0))
        {
            failures.Add("--signatures optional and required need --trusted-keys FILE, which is of no use without them.");
        }

        if (options.TlsKey.Length > 0 && options.TlsCertificate.Length == 0)
        {
            failures.Add("--tls-key is of no use without --tls-certificate.");
        }

        if (options.Pooling.Length > 0 && Hosting.PromptPooling.Parse(options.Pooling) is null)
        {
            failures.Add($"--pooling must be {Hosting.PromptPooling.Names}, not '{options.Pooling}'.");
        }

        if (Hosting.LoraFolders.Missing(options.LoraFolders).FirstOrDefault() is { } missing)
        {
            failures.Add($"--lora-folders names '{missing}', which is no folder.");
        }

        AddAccess(options, failures);

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static void AddAccess(ServerOptions options, List<string> failures)
    {
        if (options.TlsClientCa.Length > 0 && options.TlsCertificate.Length == 0)
        {
            failures.Add("--tls-client-ca is of no use without --tls-certificate.");
        }

        if (options.TlsClientCert is not ("require" or "allow"))
        {
            failures.Add($"--tls-client-cert must be require or allow, not '{options.TlsClientCert}'.");
        }

        string[] tokens = [options.JwtKeys, options.JwtIssuer, options.JwtAudience];
        if (tokens.Any(option => option.Length > 0) && tokens.Any(option => option.Length == 0))
        {
            failures.Add("--jwt-keys, --jwt-issuer and --jwt-audience are of use only together.");
        }

        if (Uri.TryCreate(options.JwtKeys, UriKind.Absolute, out var keys) && keys.Scheme == Uri.UriSchemeHttp && !keys.IsLoopback)
        {
            failures.Add("--jwt-keys must be a file or an https URL: whoever is on the way of an http one could sign tokens.");
        }
    }
}
