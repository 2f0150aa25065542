using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Messages;

/// <summary>Anthropic's messages, which are chats in other words.</summary>
internal static class MessageEndpoints
{
    public static void MapMessages(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/messages", AnswerAsync).WithName("CreateMessage").Needs(AccessScopes.Infer).WithTags("messages").TakesJson(MessageSchemas.Message).Produces<MessageBody>();
        routes.MapPost("/v1/messages/count_tokens", CountAsync).WithName("CountMessageTokens").Needs(AccessScopes.Infer).WithTags("messages").TakesJson(MessageSchemas.Count).Produces<MessageCount>();
    }

    private static async Task AnswerAsync(HttpContext context, ServingModel model)
    {
        var job = await ReadAsync(context, model, isCounted: false).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.RequestAborted).ConfigureAwait(false);
        var begun = new MessageBody("msg_" + Guid.NewGuid().ToString("N"), job.Target.Model, [], null, null, MessageUsage.Of(running.Usage()));
        var output = new MessageOutput();
        if (job.Settings.Stream)
        {
            await StreamAsync(context, job, running, begun, output).ConfigureAwait(false);
            return;
        }

        await job.StreamAsync(
            running,
            piece =>
            {
                output.Add(piece.Delta!);
                return Task.CompletedTask;
            },
            context.RequestAborted).ConfigureAwait(false);
        output.End();
        var stop = MessageStop.Of(running.Choices[0], output.IsCalling);
        var answer = begun with { Content = output.Blocks, StopReason = stop.StopReason, StopSequence = stop.StopSequence, Usage = MessageUsage.Of(running.Usage()) };
        await JsonAnswer.WriteAsync(context, answer, RestJson.Answers.MessageBody).ConfigureAwait(false);
    }

    private static async Task CountAsync(HttpContext context, ServingModel model)
    {
        var job = await ReadAsync(context, model, isCounted: true).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, new MessageCount(job.Prompt.Ids.Length), RestJson.Answers.MessageCount).ConfigureAwait(false);
    }

    private static async Task<ChatJob> ReadAsync(HttpContext context, ServingModel model, bool isCounted)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        return await ChatJob.ReadAsync(model, MessageParser.Parse(body.RootElement, isCounted), RequestId.Of(context), context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task StreamAsync(HttpContext context, ChatJob job, RunningChoices running, MessageBody begun, MessageOutput output)
    {
        await using var events = new EventStream(context);
        await events.RunAsync(
            async () =>
            {
                await SendAsync(new MessageEvent("message_start") { Message = begun }).ConfigureAwait(false);
                await SendAsync(new MessageEvent("ping")).ConfigureAwait(false);
                await job.StreamAsync(running, piece => SendAllAsync(output.Add(piece.Delta!)), context.RequestAborted).ConfigureAwait(false);
                await SendAllAsync(output.End()).ConfigureAwait(false);
                var end = new MessageEnd(MessageStop.Of(running.Choices[0], output.IsCalling), MessageUsage.Of(running.Usage()));
                await events.SendAsync(end, RestJson.Answers.MessageEnd, end.Type).ConfigureAwait(false);
                await SendAsync(new MessageEvent("message_stop")).ConfigureAwait(false);
            },
            error => events.SendAsync(MessageError.Of(error), RestJson.Answers.MessageError, "error")).ConfigureAwait(false);

        Task SendAsync(MessageEvent one) => events.SendAsync(one, RestJson.Answers.MessageEvent, one.Type);

        async Task SendAllAsync(List<MessageEvent> all)
        {
            foreach (var one in all)
            {
                await SendAsync(one).ConfigureAwait(false);
            }
        }
    }
}
