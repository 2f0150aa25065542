using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterStore.Access;
using AdapterServe.Protocol.Health.V1;
using Grpc.Core;
using ServingStatus = AdapterServe.Protocol.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace AdapterServe.AdapterServer.Grpc.Health;

/// <summary><c>grpc.health.v1.Health</c>: every service serves exactly while the server is ready.</summary>
[Needs(AccessScopes.None)]
internal sealed class HealthService(ServerState state) : Protocol.Health.V1.Health.HealthBase
{
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        IsKnown(request.Service) ? Task.FromResult(Now(state.Phase)) : throw new RpcException(new Status(StatusCode.NotFound, "There is no such service."));

    public override Task<HealthListResponse> List(HealthListRequest request, ServerCallContext context)
    {
        var answer = new HealthListResponse();
        foreach (var name in GrpcServices.Names.Prepend(string.Empty))
        {
            answer.Statuses.Add(name, Now(state.Phase));
        }

        return Task.FromResult(answer);
    }

    /// <summary>Ends when the server stops: a stream must not hold it up.</summary>
    public override async Task Watch(HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        while (true)
        {
            var change = state.NextPhase;
            var phase = state.Phase;
            await responseStream.WriteAsync(IsKnown(request.Service) ? Now(phase) : new HealthCheckResponse { Status = ServingStatus.ServiceUnknown }).ConfigureAwait(false);
            if (phase == ServerPhase.Stopping)
            {
                throw RequestGate.TurnedAway(phase);
            }

            await change.WaitAsync(context.CancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsKnown(string service) => service.Length == 0 || GrpcServices.Names.Contains(service, StringComparer.Ordinal);

    private static HealthCheckResponse Now(ServerPhase phase) => new() { Status = phase == ServerPhase.Ready ? ServingStatus.Serving : ServingStatus.NotServing };
}
