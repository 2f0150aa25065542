namespace Grpc.Core;

/// <summary>A method of a service.</summary>
public interface IMethod
{
    MethodType Type { get; }

    /// <summary>With its package, <c>grpc.health.v1.Health</c>.</summary>
    string ServiceName { get; }

    string Name { get; }

    /// <summary><c>/ServiceName/Name</c>.</summary>
    string FullName { get; }
}
