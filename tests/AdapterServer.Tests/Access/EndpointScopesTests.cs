using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace AdapterServe.AdapterServer.Tests.Access;

public sealed class EndpointScopesTests
{
    /// <summary>Nothing else is for everybody.</summary>
    private static readonly string[] s_open =
    [
        "/livez", "/readyz", "/openapi/{documentName}.json", "/v2/", "/v2/health/live", "/v2/health/ready",
        "/inference.GRPCInferenceService/ServerLive", "/inference.GRPCInferenceService/ServerMetadata", "/inference.GRPCInferenceService/ServerReady",
        "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/List", "/grpc.health.v1.Health/Watch", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ];

    [Fact]
    public async Task Every_endpoint_says_what_its_callers_need()
    {
        await using var app = ServerApplication.Build([]);
        var undeclared = Routes(app).Where(route => route.Metadata.GetMetadata<NeedsAttribute>() is null).Select(route => route.RoutePattern.RawText);
        Assert.Empty(undeclared);
    }

    [Fact]
    public async Task Only_probes_and_descriptions_are_open()
    {
        await using var app = ServerApplication.Build([]);
        var open = Routes(app).Where(route => NeedsAttribute.Of(route) == AccessScopes.None).Select(route => route.RoutePattern.RawText);
        Assert.Equal(s_open.Order(), open.Order());
    }

    private static IEnumerable<RouteEndpoint> Routes(WebApplication app) => ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();
}
