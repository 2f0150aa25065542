using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;

namespace Grpc.AspNetCore.Server;

/// <summary>An interceptor that is made for each call, unless the container has it.</summary>
public class InterceptorRegistration
{
    private readonly object[] _arguments;
    private readonly ObjectFactory _factory;

    internal InterceptorRegistration(Type type, object[] arguments)
    {
        Type = type;
        _arguments = arguments;
        _factory = ActivatorUtilities.CreateFactory(type, [.. arguments.Select(argument => argument.GetType())]);
    }

    public Type Type { get; }

    public IReadOnlyList<object> Arguments => _arguments;

    internal Interceptor Get(IServiceProvider services) =>
        (Interceptor)((_arguments.Length == 0 ? services.GetService(Type) : null) ?? _factory(services, _arguments));
}
