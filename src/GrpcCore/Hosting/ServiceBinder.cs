using Grpc.AspNetCore.Server.Calls;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grpc.AspNetCore.Server.Hosting;

/// <summary>Makes an endpoint of each method that it is told of: interceptors around the handler, or around the service's method where there is no handler.</summary>
internal sealed class ServiceBinder<TService> : ServiceBinderBase
    where TService : class
{
    private readonly IEndpointRouteBuilder _routes;
    private readonly MethodOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly List<IEndpointConventionBuilder> _endpoints = [];

    public ServiceBinder(IEndpointRouteBuilder routes)
    {
        var services = routes.ServiceProvider;
        _routes = routes;
        _options = MethodOptions.Of(services.GetRequiredService<IOptions<GrpcServiceOptions>>().Value, services.GetRequiredService<IOptions<GrpcServiceOptions<TService>>>().Value);
        _time = services.GetRequiredService<TimeProvider>();
        _logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("Grpc.AspNetCore.Server");
    }

    public IReadOnlyList<IEndpointConventionBuilder> Endpoints => _endpoints;

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
    {
        handler ??= ServiceActivator<TService>.Wrap(Open<Func<TService, TRequest, ServerCallContext, Task<TResponse>>>(method.Name));
        foreach (var registration in _options.Interceptors.Reverse())
        {
            var next = handler;
            handler = (request, context) => Get(registration, context).UnaryServerHandler(request, context, next);
        }

        Map(method, async call =>
        {
            var request = await call.Reader.ReadSingleAsync(method.RequestMarshaller.ContextualDeserializer, call.CancellationToken).ConfigureAwait(false);
            await call.AnswerAsync(await handler(request, call).ConfigureAwait(false), method.ResponseMarshaller.ContextualSerializer).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
    {
        handler ??= ServiceActivator<TService>.Wrap(Open<Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>>>(method.Name));
        foreach (var registration in _options.Interceptors.Reverse())
        {
            var next = handler;
            handler = (requests, context) => Get(registration, context).ClientStreamingServerHandler(requests, context, next);
        }

        Map(method, async call =>
        {
            var requests = new HttpStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer);
            await call.AnswerAsync(await handler(requests, call).ConfigureAwait(false), method.ResponseMarshaller.ContextualSerializer).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
    {
        handler ??= ServiceActivator<TService>.Wrap(Open<Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(method.Name));
        foreach (var registration in _options.Interceptors.Reverse())
        {
            var next = handler;
            handler = (request, responses, context) => Get(registration, context).ServerStreamingServerHandler(request, responses, context, next);
        }

        Map(method, async call =>
        {
            var request = await call.Reader.ReadSingleAsync(method.RequestMarshaller.ContextualDeserializer, call.CancellationToken).ConfigureAwait(false);
            await handler(request, new HttpStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer), call).ConfigureAwait(false);
        });
    }

    public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
    {
        handler ??= ServiceActivator<TService>.Wrap(Open<Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task>>(method.Name));
        foreach (var registration in _options.Interceptors.Reverse())
        {
            var next = handler;
            handler = (requests, responses, context) => Get(registration, context).DuplexStreamingServerHandler(requests, responses, context, next);
        }

        Map(method, call => handler(
            new HttpStreamReader<TRequest>(call, method.RequestMarshaller.ContextualDeserializer),
            new HttpStreamWriter<TResponse>(call, method.ResponseMarshaller.ContextualSerializer),
            call));
    }

    private static Core.Interceptors.Interceptor Get(InterceptorRegistration registration, ServerCallContext context) =>
        registration.Get(context.GetHttpContext().RequestServices);

    /// <summary>The service's method of that name and shape, for any instance.</summary>
    private static TDelegate Open<TDelegate>(string name)
        where TDelegate : Delegate
    {
        var parameters = typeof(TDelegate).GetMethod("Invoke")!.GetParameters().Skip(1).Select(parameter => parameter.ParameterType).ToArray();
        return typeof(TService).GetMethod(name, parameters)?.CreateDelegate<TDelegate>()
            ?? throw new InvalidOperationException($"{typeof(TService).Name} has no method {name} as it was generated.");
    }

    /// <summary>The class's, then the method's, as with methods behind other routes.</summary>
    private static IEnumerable<object> Attributes(string name) =>
        [.. typeof(TService).GetCustomAttributes(inherit: true), .. typeof(TService).GetMethod(name)?.GetCustomAttributes(inherit: true) ?? []];

    private void Map(IMethod method, Func<HttpCallContext, Task> body)
    {
        var handler = new CallHandler(method, _options, body, _time, _logger);
        RequestDelegate handle = handler.HandleAsync;
        _endpoints.Add(_routes.MapPost(method.FullName, handle)
            .WithMetadata([new GrpcMethodMetadata(typeof(TService), method), .. Attributes(method.Name)]).ExcludeFromDescription().WithDisplayName($"gRPC - {method.FullName}"));
    }
}
