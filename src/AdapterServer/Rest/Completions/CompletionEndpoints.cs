using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>OpenAI's legacy completions.</summary>
internal static class CompletionEndpoints
{
    private const string ObjectWord = "text_completion";

    public static void MapCompletions(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/completions", CompleteAsync).WithName("CreateCompletion").Needs(AccessScopes.Infer).WithTags("completions").TakesJson(GenerationSchemas.Completion).Produces<CompletionResponse>();

    private static async Task CompleteAsync(HttpContext context, ServingModel model, TimeProvider time)
    {
        var job = await ReadAsync(context, model).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.RequestAborted).ConfigureAwait(false);
        var header = new CompletionResponse("cmpl-" + Guid.NewGuid().ToString("N"), ObjectWord, time.GetUtcNow().ToUnixTimeSeconds(), job.Target.Model, [], null);
        if (job.Request.Settings.Stream)
        {
            await StreamAsync(context, job, running, header).ConfigureAwait(false);
            return;
        }

        var choices = await job.ReadToEndAsync(running, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, header with { Choices = choices, Usage = running.Usage() }, RestJson.Answers.CompletionResponse).ConfigureAwait(false);
    }

    private static async Task<CompletionJob> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        return await CompletionJob.ReadAsync(model, body.RootElement, RequestId.Of(context), context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, CompletionJob job, RunningChoices running, CompletionResponse header)
    {
        var includeUsage = job.Request.Settings.IncludeUsage;
        await using var events = new EventStream(context);
        await events.RunAsync(async () =>
        {
            await job.StreamAsync(running, piece => SendAsync(header with { Choices = [piece] }), context.RequestAborted).ConfigureAwait(false);
            if (includeUsage)
            {
                await SendAsync(header with { Usage = running.Usage() }).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);

        Task SendAsync(CompletionResponse answer) => includeUsage
            ? events.SendAsync(answer.WithUsage(), RestJson.Answers.CompletionUsageEvent)
            : events.SendAsync(answer, RestJson.Answers.CompletionResponse);
    }
}
