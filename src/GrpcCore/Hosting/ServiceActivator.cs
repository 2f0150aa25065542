using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server.Hosting;

/// <summary>Gives each call its instance of the service: the container's, or one that is made for the call and disposed with it.</summary>
internal static class ServiceActivator<TService>
    where TService : class
{
    private static readonly Lazy<ObjectFactory<TService>> s_factory = new(() => ActivatorUtilities.CreateFactory<TService>([]));

    public static UnaryServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(Func<TService, TRequest, ServerCallContext, Task<TResponse>> method)
        where TRequest : class
        where TResponse : class => (request, context) => UseAsync(context, service => method(service, request, context));

    public static ClientStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(Func<TService, IAsyncStreamReader<TRequest>, ServerCallContext, Task<TResponse>> method)
        where TRequest : class
        where TResponse : class => (requests, context) => UseAsync(context, service => method(service, requests, context));

    public static ServerStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(Func<TService, TRequest, IServerStreamWriter<TResponse>, ServerCallContext, Task> method)
        where TRequest : class
        where TResponse : class => (request, responses, context) => UseAsync(context, service => Nothing(method(service, request, responses, context)));

    public static DuplexStreamingServerMethod<TRequest, TResponse> Wrap<TRequest, TResponse>(
        Func<TService, IAsyncStreamReader<TRequest>, IServerStreamWriter<TResponse>, ServerCallContext, Task> method)
        where TRequest : class
        where TResponse : class => (requests, responses, context) => UseAsync(context, service => Nothing(method(service, requests, responses, context)));

    private static async Task<T> UseAsync<T>(ServerCallContext context, Func<TService, Task<T>> use)
    {
        var services = context.GetHttpContext().RequestServices;
        if (services.GetService<TService>() is { } shared)
        {
            return await use(shared).ConfigureAwait(false);
        }

        var own = s_factory.Value(services, null);
        try
        {
            return await use(own).ConfigureAwait(false);
        }
        finally
        {
            await DisposeAsync(own).ConfigureAwait(false);
        }
    }

    private static async Task<bool> Nothing(Task task)
    {
        await task.ConfigureAwait(false);
        return true;
    }

    private static ValueTask DisposeAsync(TService service)
    {
        if (service is IAsyncDisposable later)
        {
            return later.DisposeAsync();
        }

        (service as IDisposable)?.Dispose();
        return ValueTask.CompletedTask;
    }
}
