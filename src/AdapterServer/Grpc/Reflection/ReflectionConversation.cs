using AdapterServe.AdapterServer.Hosting;
using AdapterServe.Protocol.Reflection.V1;
using Grpc.Core;

namespace AdapterServe.AdapterServer.Grpc.Reflection;

/// <summary>Answers each request of a stream, until the client or the server ends it.</summary>
internal sealed class ReflectionConversation(ReflectionIndex index, ServerState state)
{
    public async Task RunAsync(IAsyncStreamReader<ServerReflectionRequest> requests, IServerStreamWriter<ServerReflectionResponse> responses, ServerCallContext context)
    {
        while (await state.UntilStopping(requests.MoveNext, context.CancellationToken).ConfigureAwait(false))
        {
            await responses.WriteAsync(index.Answer(requests.Current)).ConfigureAwait(false);
        }
    }
}
