namespace Grpc.AspNetCore.Server;

/// <summary>Those of one service.</summary>
public class GrpcServiceOptions<TService> : GrpcServiceOptions
    where TService : class;
