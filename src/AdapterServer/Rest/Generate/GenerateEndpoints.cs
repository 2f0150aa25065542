using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>The calls of TGI's and LoRAX's clients.</summary>
internal static class GenerateEndpoints
{
    public static void MapGenerate(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/generate", GenerateAsync).WithName("Generate").Needs(AccessScopes.Infer).WithTags("generate").TakesJson(GenerationSchemas.Generate).Produces<GenerateResponse>().WithMetadata(GenerateError.Form);
        routes.MapPost("/generate_stream", StreamAsync).WithName("GenerateStream").Needs(AccessScopes.Infer).WithTags("generate").TakesJson(GenerationSchemas.Generate).Produces<GenerateEvent>(contentType: "text/event-stream")
            .WithMetadata(GenerateError.Form);
        routes.MapPost("/", RootAsync).WithName("GenerateAtRoot").Needs(AccessScopes.Infer).WithTags("generate").TakesJson(GenerationSchemas.GenerateAtRoot).Produces<GenerateResponse[]>().WithMetadata(GenerateError.Form);
        routes.MapGet("/info", InfoAsync).WithName("GetInfo").Needs(AccessScopes.Infer).WithTags("generate").Produces<GenerateInfo>();
    }

    private static async Task GenerateAsync(HttpContext context, ServingModel model)
    {
        var answer = await (await ReadAsync(context, model, stream: false).ConfigureAwait(false)).ReadToEndAsync(context, model).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, answer, RestJson.Answers.GenerateResponse).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, ServingModel model) =>
        await (await ReadAsync(context, model, stream: true).ConfigureAwait(false)).StreamAsync(context, model).ConfigureAwait(false);

    /// <summary>Where Hugging Face's and LoRAX's clients post: a list of one answer, or a stream.</summary>
    private static async Task RootAsync(HttpContext context, ServingModel model)
    {
        var job = await ReadAsync(context, model, stream: null).ConfigureAwait(false);
        if (job.Request.Settings.Stream)
        {
            await job.StreamAsync(context, model).ConfigureAwait(false);
            return;
        }

        var answer = await job.ReadToEndAsync(context, model).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, [answer], RestJson.Answers.GenerateResponseArray).ConfigureAwait(false);
    }

    private static Task InfoAsync(HttpContext context, ServingModel model)
    {
        var longest = model.Facts.ContextTokens;
        var version = typeof(GenerateEndpoints).Assembly.GetName().Version!.ToString(3);
        var info = new GenerateInfo(
            model.Base.Id, model.Base.Fingerprint, model.Options.Weights, "cpu", "text-generation", model.Options.QueueLimit, 1, RequestLimits.StopStrings, longest - 1, longest - 1, longest, "adapterserve", version);
        return JsonAnswer.WriteAsync(context, info, RestJson.Answers.GenerateInfo);
    }

    /// <param name="context">The request.</param>
    /// <param name="model">What serves.</param>
    /// <param name="stream">Null where the body says it.</param>
    private static async Task<GenerateJob> ReadAsync(HttpContext context, ServingModel model, bool? stream)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var root = body.RootElement;
        var target = await RequestTarget.NamedAsync(model, GenerateParser.Adapter(root) ?? model.Base.Id, RequestId.Of(context), context.RequestAborted).ConfigureAwait(false);
        return new GenerateJob(target, GenerateParser.Parse(root, stream ?? new JsonFields(root).Bool("stream", absent: false), target.Facts));
    }
}
