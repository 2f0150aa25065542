using Grpc.Core;

namespace Grpc.AspNetCore.Server;

/// <summary>On an endpoint: which method it is.</summary>
public sealed class GrpcMethodMetadata(Type serviceType, IMethod method)
{
    public Type ServiceType => serviceType;

    public IMethod Method => method;

    public override string ToString() => $"gRPC - {method.FullName}";
}
