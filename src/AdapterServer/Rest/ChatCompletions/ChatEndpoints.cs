using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>OpenAI's chat completions.</summary>
internal static class ChatEndpoints
{
    public static void MapChatCompletions(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/chat/completions", CompleteAsync).WithName("CreateChatCompletion").WithTags("chat").TakesJson(GenerationSchemas.Chat).Produces<ChatResponse>();

    private static async Task CompleteAsync(HttpContext context, ServingModel model, TimeProvider time)
    {
        var cancellation = context.RequestAborted;
        var (target, settings, prompt) = await ReadAsync(context, model).ConfigureAwait(false);
        using var running = await GenerationStarter
            .StartAsync(model, target, settings, [prompt], target.Text.Facts.Defaults.MaxTokens ?? int.MaxValue, settings.PromptLogProbs, cancellation).ConfigureAwait(false);
        var formatter = new ChatFormatter(target.Text.Tokens.Labels, settings);
        var word = settings.Stream ? "chat.completion.chunk" : "chat.completion";
        var header = new ChatResponse("chatcmpl-" + Guid.NewGuid().ToString("N"), word, time.GetUtcNow().ToUnixTimeSeconds(), target.Model, [], null);
        if (settings.Stream)
        {
            await StreamAsync(context, running, formatter, header, settings.IncludeUsage).ConfigureAwait(false);
            return;
        }

        var texts = await running.ReadToEndAsync(cancellation).ConfigureAwait(false);
        var choices = running.Choices.Select((choice, i) => formatter.Whole(choice, texts[i]));
        await JsonAnswer.WriteAsync(context, header with { Choices = [.. choices], Usage = running.Usage() }, RestJson.Answers.ChatResponse).ConfigureAwait(false);
    }

    private static async Task<(RequestTarget Target, GenerationSettings Settings, PreparedPrompt Prompt)> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var target = await RequestTarget.OfAsync(context, model, new JsonFields(body.RootElement)).ConfigureAwait(false);
        var request = ChatParser.Parse(body.RootElement, target.Facts);
        // Rendered before the document goes: the messages are views into it.
        return (target, request.Settings, ChatRenderer.Prepare(target.Text, request.Prompt));
    }

    private static async Task StreamAsync(HttpContext context, RunningChoices running, ChatFormatter formatter, ChatResponse header, bool includeUsage)
    {
        await using var events = new EventStream(context);
        await events.RunAsync(async () =>
        {
            await running.ForEachAsync(async (choice, _) =>
            {
                await SendAsync(header with { Choices = [ChatFormatter.Role(choice)] }).ConfigureAwait(false);
                var isFirst = true;
                await foreach (var delta in choice.Text.ReadAsync(context.RequestAborted).ConfigureAwait(false))
                {
                    choice.ThrowIfBroken();
                    if (delta.Text.Length > 0 || delta.EndToken > delta.FirstToken)
                    {
                        await SendAsync(header with { Choices = [formatter.Piece(choice, delta, isFirst)] }).ConfigureAwait(false);
                        isFirst = false;
                    }
                }

                await SendAsync(header with { Choices = [ChatFormatter.End(choice)] }).ConfigureAwait(false);
            }).ConfigureAwait(false);
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
