using System.IO.Compression;
using Grpc.Net.Compression;

namespace Grpc.AspNetCore.Server;

/// <summary>The options of a service's methods: its own, and where it has none those of all services.</summary>
internal sealed record MethodOptions(
    int? MaxSendMessageSize,
    int? MaxReceiveMessageSize,
    bool EnableDetailedErrors,
    ICompressionProvider? ResponseCompression,
    CompressionLevel? ResponseCompressionLevel,
    IReadOnlyDictionary<string, ICompressionProvider> Compressions,
    IReadOnlyList<InterceptorRegistration> Interceptors)
{
    /// <summary>As in <c>grpc-accept-encoding</c>.</summary>
    public string AcceptEncoding { get; } = string.Join(',', Compressions.Keys.Prepend("identity"));

    /// <summary><b>Errors</b>: <see cref="InvalidOperationException"/> for an answer's encoding that has no provider.</summary>
    public static MethodOptions Of(GrpcServiceOptions all, GrpcServiceOptions own)
    {
        var compressions = all.CompressionProviders.Concat(own.CompressionProviders).GroupBy(provider => provider.EncodingName, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
        ICompressionProvider? response = null;
        if ((own.ResponseCompressionAlgorithm ?? all.ResponseCompressionAlgorithm) is { } name && name != "identity" && !compressions.TryGetValue(name, out response))
        {
            throw new InvalidOperationException($"There is no compression provider for '{name}'.");
        }

        return new MethodOptions(
            own.IsMaxSendSet ? own.MaxSendMessageSize : all.MaxSendMessageSize,
            own.IsMaxReceiveSet ? own.MaxReceiveMessageSize : all.MaxReceiveMessageSize,
            own.EnableDetailedErrors ?? all.EnableDetailedErrors ?? false,
            response,
            own.ResponseCompressionLevel ?? all.ResponseCompressionLevel,
            compressions,
            [.. all.Interceptors, .. own.Interceptors]);
    }
}
