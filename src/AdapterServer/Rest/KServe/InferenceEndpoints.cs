using AdapterServe.AdapterServer.Access;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc.Admin;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.KServe;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterStore.Access;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AdapterServe.AdapterServer.Rest.KServe;

/// <summary>KServe's Open Inference Protocol.</summary>
internal static class InferenceEndpoints
{
    public const string ServerName = "adapterserve";
    public const string Platform = "adapterserve_text";

    public static void MapInference(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v2").WithTags("kserve");
        group.MapGet("", Server).WithName("InferenceServer").Needs(AccessScopes.None).Produces<ServerMetadata>();
        group.MapGet("/health/live", Live).WithName("InferenceLive").Needs(AccessScopes.None).Produces<ServerLiveness>();
        group.MapGet("/health/ready", Ready).WithName("InferenceReady").Needs(AccessScopes.None).Produces<ServerReadiness>();
        foreach (var (path, suffix) in (ReadOnlySpan<(string, string)>)[("/models/{name}", string.Empty), ("/models/{name}/versions/{version}", "Version")])
        {
            group.MapGet(path, ModelAsync).WithName("InferenceModel" + suffix).Needs(AccessScopes.Infer).Produces<ModelMetadata>();
            group.MapGet(path + "/ready", ModelReadyAsync).WithName("InferenceModelReady" + suffix).Needs(AccessScopes.Infer).Produces<ModelReadiness>();
            group.MapPost(path + "/infer", InferAsync).WithName("Infer" + suffix).Needs(AccessScopes.Infer).TakesJson(OtherSchemas.Inference).Produces<InferenceResponse>();
        }
    }

    private static Ok<ServerMetadata> Server() => TypedResults.Ok(new ServerMetadata(ServerName, AdminService.Version, []));

    private static Ok<ServerLiveness> Live() => TypedResults.Ok(new ServerLiveness(true));

    private static Ok<ServerReadiness> Ready(ServerState state) =>
        state.Phase == ServerPhase.Ready ? TypedResults.Ok(new ServerReadiness(true)) : throw RequestGate.TurnedAway(state.Phase);

    private static async Task ModelAsync(HttpContext context, ServingModel model, string name, string? version = null)
    {
        var served = await FindAsync(context, model, name, version).ConfigureAwait(false);
        var answer = new ModelMetadata(served.Name, served.Versions(model), Platform, Tensors(TensorNames.Inputs), Tensors(TensorNames.Outputs));
        await JsonAnswer.WriteAsync(context, answer, RestJson.Answers.ModelMetadata).ConfigureAwait(false);
    }

    private static async Task ModelReadyAsync(HttpContext context, ServingModel model, string name, string? version = null)
    {
        var served = await FindAsync(context, model, name, version).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, new ModelReadiness(served.Name, served.IsReady), RestJson.Answers.ModelReadiness).ConfigureAwait(false);
    }

    private static async Task InferAsync(HttpContext context, ServingModel model, string name, string? version = null)
    {
        if (context.Request.Headers.ContainsKey("Inference-Header-Content-Length"))
        {
            throw new ApiException(415, ErrorCodes.UnsupportedContentEncoding, "Tensors stand in the JSON as 'data'; the binary extension is not taken.");
        }

        var served = await FindAsync(context, model, name, version).ConfigureAwait(false);
        var request = await ReadAsync(context, served, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var result = await InferenceRunner.RunAsync(model, request, RequestId.Of(context), context.RequestAborted).ConfigureAwait(false);
        var answer = new InferenceResponse(result.Model.Name, result.Model.Version, result.Id.Length > 0 ? result.Id : null, [.. result.Outputs.Select(Output)]);
        await JsonAnswer.WriteAsync(context, answer, RestJson.Answers.InferenceResponse).ConfigureAwait(false);
    }

    private static async Task<InferenceRequest> ReadAsync(HttpContext context, ServedModel served, long limitBytes)
    {
        using var body = await JsonBody.ReadAsync(context, limitBytes).ConfigureAwait(false);
        return InferenceParser.Parse(body.RootElement, served);
    }

    private static Task<ServedModel> FindAsync(HttpContext context, ServingModel model, string name, string? version) =>
        ServedModel.FindAsync(model, RouteName.Decode(name), version ?? string.Empty, context.RequestAborted);

    private static List<TensorMetadata> Tensors(IReadOnlyList<(string Name, string Datatype)> tensors) => [.. tensors.Select(tensor => new TensorMetadata(tensor.Name, tensor.Datatype, [-1]))];

    private static InferenceOutput Output(OutputTensor tensor) =>
        new(tensor.Name, tensor.Datatype, [tensor.Count], new JsonArray([.. tensor.Texts?.Select(text => (JsonNode)text) ?? tensor.Numbers!.Select(number => (JsonNode)number)]));
}
