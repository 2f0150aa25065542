using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.Admin;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.KServe;
using AdapterServe.AdapterServer.Rest.KServe;
using AdapterServe.AdapterStore.Access;
using AdapterServe.Protocol.KServe;
using Grpc.Core;

namespace AdapterServe.AdapterServer.Grpc.KServe;

/// <summary><c>inference.GRPCInferenceService</c>.</summary>
[Needs(AccessScopes.Infer)]
internal sealed class InferenceService(ServerState state, ILogger<InferenceService> logger) : GRPCInferenceService.GRPCInferenceServiceBase
{
    /// <summary>Requests of one stream that run at once; the next is read when one of them ends.</summary>
    private const int StreamRequests = 32;

    private const string LastResponse = "triton_final_response";

    [Needs(AccessScopes.None)]
    public override Task<ServerLiveResponse> ServerLive(ServerLiveRequest request, ServerCallContext context) => Task.FromResult(new ServerLiveResponse { Live = true });

    [Needs(AccessScopes.None)]
    public override Task<ServerReadyResponse> ServerReady(ServerReadyRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerReadyResponse { Ready = state.Phase == ServerPhase.Ready });

    public override async Task<ModelReadyResponse> ModelReady(ModelReadyRequest request, ServerCallContext context)
    {
        var served = await ServedModel.FindAsync(Model(context), request.Name, request.Version, context.CancellationToken).ConfigureAwait(false);
        return new ModelReadyResponse { Ready = served.IsReady };
    }

    [Needs(AccessScopes.None)]
    public override Task<ServerMetadataResponse> ServerMetadata(ServerMetadataRequest request, ServerCallContext context) =>
        Task.FromResult(new ServerMetadataResponse { Name = InferenceEndpoints.ServerName, Version = AdminService.Version });

    public override async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request, ServerCallContext context)
    {
        var served = await ServedModel.FindAsync(Model(context), request.Name, request.Version, context.CancellationToken).ConfigureAwait(false);
        return new ModelMetadataResponse
        {
            Name = served.Name,
            Versions = { served.Versions(Model(context)) },
            Platform = InferenceEndpoints.Platform,
            Inputs = { TensorNames.Inputs.Select(Tensor) },
            Outputs = { TensorNames.Outputs.Select(Tensor) },
        };
    }

    public override async Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var read = await ReadAsync(request, context).ConfigureAwait(false);
        var result = await InferenceRunner.RunAsync(Model(context), read, RequestId.Of(context), context.CancellationToken).ConfigureAwait(false);
        return TensorMessages.Write(result, request.RawInputContents.Count > 0);
    }

    public override async Task ModelStreamInfer(
        IAsyncStreamReader<ModelInferRequest> requestStream, IServerStreamWriter<ModelStreamInferResponse> responseStream, ServerCallContext context)
    {
        using var stream = new SerialWriter<ModelStreamInferResponse>(responseStream, context.CancellationToken);
        using var places = new SemaphoreSlim(StreamRequests, StreamRequests);
        var running = new List<Task>();
        try
        {
            while (await state.UntilStopping(requestStream.MoveNext, context.CancellationToken).ConfigureAwait(false))
            {
                var request = requestStream.Current;
                await places.WaitAsync(context.CancellationToken).ConfigureAwait(false);
                running.RemoveAll(task => task.IsCompletedSuccessfully);
                running.Add(AnswerAsync(request, stream, places, context));
            }
        }
        finally
        {
            await Task.WhenAll(running).ConfigureAwait(false);
        }
    }

    private static ModelMetadataResponse.Types.TensorMetadata Tensor((string Name, string Datatype) tensor) => new() { Name = tensor.Name, Datatype = tensor.Datatype, Shape = { -1 } };

    private ServingModel Model(ServerCallContext context) => state.Model.For(context.GetHttpContext());

    /// <summary>What goes wrong with one request of a stream is its answer; the others go on.</summary>
    private async Task AnswerAsync(ModelInferRequest request, SerialWriter<ModelStreamInferResponse> stream, SemaphoreSlim places, ServerCallContext context)
    {
        try
        {
            var isRaw = request.RawInputContents.Count > 0;
            var read = await ReadAsync(request, context).ConfigureAwait(false);
            await InferenceRunner.StreamAsync(
                // The answers of a stream share the call's headers.
                Model(context) with { AnswerHeaders = null },
                read,
                RequestId.Of(context),
                (result, isLast) => SendAsync(TensorMessages.Write(result, isRaw), isLast),
                context.CancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!context.CancellationToken.IsCancellationRequested)
        {
            var error = ErrorMapper.Map(exception);
            if (error.Status == StatusCodes.Status500InternalServerError)
            {
                ServerLog.RequestFailed(logger, context.Method, exception);
            }

            var answer = new ModelInferResponse { ModelName = request.ModelName, ModelVersion = request.ModelVersion, Id = request.Id };
            await stream.SendAsync(new ModelStreamInferResponse { ErrorMessage = error.Body.Error.Message, InferResponse = answer }).ConfigureAwait(false);
        }
        finally
        {
            places.Release();
        }

        Task SendAsync(ModelInferResponse response, bool isLast)
        {
            response.Parameters.Add(LastResponse, new InferParameter { BoolParam = isLast });
            return stream.SendAsync(new ModelStreamInferResponse { InferResponse = response });
        }
    }

    private async Task<InferenceRequest> ReadAsync(ModelInferRequest request, ServerCallContext context)
    {
        var served = await ServedModel.FindAsync(Model(context), request.ModelName, request.ModelVersion, context.CancellationToken).ConfigureAwait(false);
        return TensorMessages.Read(request, served);
    }
}
