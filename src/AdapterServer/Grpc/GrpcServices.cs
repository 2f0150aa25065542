using AdapterServe.AdapterServer.Grpc.Adapters;
using AdapterServe.AdapterServer.Grpc.Admin;
using AdapterServe.AdapterServer.Grpc.Errors;
using AdapterServe.AdapterServer.Grpc.Generation;
using AdapterServe.AdapterServer.Grpc.Health;
using AdapterServe.AdapterServer.Grpc.KServe;
using AdapterServe.AdapterServer.Grpc.Reflection;
using AdapterServe.AdapterServer.Grpc.Tokenizer;
using AdapterServe.AdapterServer.Options;
using Grpc.AspNetCore.Server;
using Microsoft.Extensions.Options;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc;

/// <summary>The gRPC services: all of them, in the container and on routes.</summary>
internal static class GrpcServices
{
    private static readonly Google.Protobuf.Reflection.ServiceDescriptor[] s_all =
    [
        Wire.Generation.Descriptor,
        Wire.Adapters.Descriptor,
        Wire.Tokenizer.Descriptor,
        Wire.Admin.Descriptor,
        Protocol.KServe.GRPCInferenceService.Descriptor,
        Protocol.Health.V1.Health.Descriptor,
        Protocol.Reflection.V1.ServerReflection.Descriptor,
        Protocol.Reflection.V1Alpha.ServerReflection.Descriptor,
    ];

    private static readonly PathString[] s_open =
    [
        "/" + Protocol.Health.V1.Health.Descriptor.FullName,
        "/" + Protocol.Reflection.V1.ServerReflection.Descriptor.FullName,
        "/" + Protocol.Reflection.V1Alpha.ServerReflection.Descriptor.FullName,
        "/" + Protocol.KServe.GRPCInferenceService.Descriptor.FullName + "/ServerLive",
        "/" + Protocol.KServe.GRPCInferenceService.Descriptor.FullName + "/ServerReady",
    ];

    public static IReadOnlyList<string> Names { get; } = [.. s_all.Select(service => service.FullName)];

    public static void AddGrpcServices(this IServiceCollection services)
    {
        services.AddGrpc();
        services.AddOptions<GrpcServiceOptions>().Configure<IOptions<ServerOptions>>((grpc, server) =>
        {
            grpc.MaxReceiveMessageSize = (int)Math.Min(int.MaxValue, server.Value.MaxJsonBytes);
            grpc.ResponseCompressionAlgorithm = server.Value.GrpcCompression == "none" ? null : server.Value.GrpcCompression;
            grpc.ResponseCompressionLevel = System.IO.Compression.CompressionLevel.Fastest;
            grpc.IgnoreUnknownServices = true;
            grpc.Interceptors.Add<ErrorInterceptor>();
        });
        services.AddSingleton<ErrorInterceptor>();
        services.AddSingleton(new ReflectionIndex(s_all));
        services.AddSingleton<ReflectionConversation>();
    }

    public static void MapGrpcServices(this IEndpointRouteBuilder routes)
    {
        routes.MapGrpcService<GenerationService>();
        routes.MapGrpcService<AdaptersService>();
        routes.MapGrpcService<TokenizerService>();
        routes.MapGrpcService<AdminService>();
        routes.MapGrpcService<InferenceService>();
        routes.MapGrpcService<HealthService>();
        routes.MapGrpcService<ReflectionService>();
        routes.MapGrpcService<ReflectionAlphaService>();
    }

    /// <summary>Answered whether the server is ready or not.</summary>
    public static bool IsAlwaysOpen(PathString path) => s_open.Any(open => path.StartsWithSegments(open));
}
