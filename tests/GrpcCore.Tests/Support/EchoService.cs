using Grpc.Core;

namespace AdapterServe.GrpcCore.Tests.Support;

internal sealed class EchoService(Behaviour behaviour) : Echo.EchoBase, IDisposable
{
    public override Task<EchoReply> Unary(EchoRequest request, ServerCallContext context) => behaviour.Unary(request, context);

    public override Task<EchoReply> ClientStream(IAsyncStreamReader<EchoRequest> requestStream, ServerCallContext context) => behaviour.ClientStream(requestStream, context);

    public override Task ServerStream(EchoRequest request, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context) =>
        behaviour.ServerStream(request, responseStream, context);

    public override Task Duplex(IAsyncStreamReader<EchoRequest> requestStream, IServerStreamWriter<EchoReply> responseStream, ServerCallContext context) =>
        behaviour.Duplex(requestStream, responseStream, context);

    public void Dispose() => behaviour.Disposed++;
}
