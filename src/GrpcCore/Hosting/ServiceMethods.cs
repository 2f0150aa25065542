using System.Reflection;
using Grpc.Core;

namespace Grpc.AspNetCore.Server.Hosting;

/// <summary>The generated list of a service's methods.</summary>
internal static class ServiceMethods
{
    public static void Bind<TService>(ServiceBinderBase binder)
    {
        var (generated, attribute) = Generated(typeof(TService))
            ?? throw new InvalidOperationException($"{typeof(TService).Name} does not derive from a class that was generated for a service.");
        var bind = attribute.BindType.GetMethod(attribute.BindMethodName, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static, [typeof(ServiceBinderBase), generated])
            ?? throw new InvalidOperationException($"{attribute.BindType.Name} has no method {attribute.BindMethodName} that lists the methods of {generated.Name}.");
        bind.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [binder, null], null);
    }

    private static (Type Generated, BindServiceMethodAttribute Attribute)? Generated(Type service)
    {
        for (var type = service; type is not null; type = type.BaseType)
        {
            if (type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false) is { } attribute)
            {
                return (type, attribute);
            }
        }

        return null;
    }
}
