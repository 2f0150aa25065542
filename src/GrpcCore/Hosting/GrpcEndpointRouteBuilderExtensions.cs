using Grpc.AspNetCore.Server.Hosting;
using Grpc.Core;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps services to routes.</summary>
public static class GrpcEndpointRouteBuilderExtensions
{
    /// <summary>Each call gets an instance of its own, unless the container has one.</summary>
    /// <exception cref="InvalidOperationException">The type has no generated base class, or AddGrpc was not called.</exception>
    public static GrpcServiceEndpointConventionBuilder MapGrpcService<TService>(this IEndpointRouteBuilder builder)
        where TService : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Map<TService>(builder, ServiceMethods.Bind<TService>);
    }

    public static GrpcServiceEndpointConventionBuilder MapGrpcService(this IEndpointRouteBuilder builder, ServerServiceDefinition serviceDefinition)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(serviceDefinition);
        return Map<object>(builder, serviceDefinition.BindService);
    }

    private static GrpcServiceEndpointConventionBuilder Map<TService>(IEndpointRouteBuilder builder, Action<ServiceBinderBase> bind)
        where TService : class
    {
        var unknown = builder.ServiceProvider.GetService<UnknownMethods>() ?? throw new InvalidOperationException("AddGrpc was not called on the service collection.");
        var binder = new ServiceBinder<TService>(builder);
        bind(binder);
        unknown.MapOnce(builder);
        return new GrpcServiceEndpointConventionBuilder(binder.Endpoints);
    }
}
