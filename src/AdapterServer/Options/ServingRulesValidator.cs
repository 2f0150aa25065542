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
        if (!IPAddress.TryParse(options.Bind, out var address))
        {
            failures.Add($"--bind must be an IP address, not '{options.Bind}'.");
        }
        else if (!IPAddress.IsLoopback(address))
        {
            failures.Add($"--bind {options.Bind} is refused: without API keys anybody who reaches the port could use and replace every adapter, so the server listens on loopback only.");
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

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
