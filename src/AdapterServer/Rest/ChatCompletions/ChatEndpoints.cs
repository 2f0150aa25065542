using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>OpenAI's chat completions.</summary>
internal static class ChatEndpoints
{
    public static void MapChatCompletions(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/chat/completions", CompleteAsync).WithName("CreateChatCompletion").Needs(AccessScopes.Infer).WithTags("chat").TakesJson(GenerationSchemas.Chat).Produces<ChatResponse>();

    private static async Task CompleteAsync(HttpContext context, ServingModel model, TimeProvider time)
    {
        var job = await ReadAsync(context, model).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.RequestAborted).ConfigureAwait(false);
        var word = job.Settings.Stream ? "chat.completion.chunk" : "chat.completion";
        var header = new ChatResponse("chatcmpl-" + Guid.NewGuid().ToString("N"), word, time.GetUtcNow().ToUnixTimeSeconds(), job.Target.Model, [], null);
        if (job.Settings.Stream)
        {
            await StreamAsync(context, job, running, header).ConfigureAwait(false);
            return;
        }

        var choices = await job.ReadToEndAsync(running, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, header with { Choices = choices, Usage = running.Usage() }, RestJson.Answers.ChatResponse).ConfigureAwait(false);
    }

    private static async Task<ChatJob> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        return await ChatJob.ReadAsync(model, body.RootElement, RequestId.Of(context), context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, ChatJob job, RunningChoices running, ChatResponse header)
    {
        var includeUsage = job.Settings.IncludeUsage;
        await using var events = new EventStream(context);
        await events.RunAsync(async () =>
        {
            await job.StreamAsync(running, piece => SendAsync(header with { Choices = [piece] }), context.RequestAborted).ConfigureAwait(false);
            if (includeUsage)
            {
                await SendAsync(header with { Usage = running.Usage() }).ConfigureAwait(false);
            }
        }).ConfigureAwait(false);

        Task SendAsync(ChatResponse answer) => includeUsage
            ? events.SendAsync(answer.WithUsage(), RestJson.Answers.ChatUsageEvent)
            : events.SendAsync(answer, RestJson.Answers.ChatResponse);
    }
}
