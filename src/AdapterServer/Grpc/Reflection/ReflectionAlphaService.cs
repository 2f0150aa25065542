using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterStore.Access;
using AdapterServe.Protocol.Reflection.V1;
using Grpc.Core;

namespace AdapterServe.AdapterServer.Grpc.Reflection;

/// <summary><c>grpc.reflection.v1alpha.ServerReflection</c>.</summary>
[Needs(AccessScopes.None)]
internal sealed class ReflectionAlphaService(ReflectionConversation conversation) : Protocol.Reflection.V1Alpha.ServerReflection.ServerReflectionBase
{
    public override Task ServerReflectionInfo(
        IAsyncStreamReader<ServerReflectionRequest> requestStream, IServerStreamWriter<ServerReflectionResponse> responseStream, ServerCallContext context) =>
        conversation.RunAsync(requestStream, responseStream, context);
}
