using System.Collections.Immutable;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>OpenAI's legacy completions.</summary>
internal static class CompletionEndpoints
{
    private const int DefaultMaxTokens = 16;
    private const string ObjectWord = "text_completion";

    public static void MapCompletions(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/completions", CompleteAsync).WithName("CreateCompletion").WithTags("completions").TakesJson(GenerationSchemas.Completion).Produces<CompletionResponse>();

    private static async Task CompleteAsync(HttpContext context, ServingModel model, TimeProvider time)
    {
        var cancellation = context.RequestAborted;
        var (target, request) = await ReadAsync(context, model).ConfigureAwait(false);
        var prompts = request.Prompts.Select(prompt => Prepare(target.Text.Tokens, prompt, request.AddSpecialTokens)).ToImmutableArray();
        using var running = await GenerationStarter
            .StartAsync(model, target, request.Settings, prompts, DefaultMaxTokens, ScorePrompt(request), cancellation).ConfigureAwait(false);
        var formatter = new CompletionFormatter(target.Text.Tokens, request);
        var header = new CompletionResponse("cmpl-" + Guid.NewGuid().ToString("N"), ObjectWord, time.GetUtcNow().ToUnixTimeSeconds(), target.Model, [], null);
        if (request.Settings.Stream)
        {
            await StreamAsync(context, running, formatter, header, request.Settings.IncludeUsage).ConfigureAwait(false);
            return;
        }

        var texts = await running.ReadToEndAsync(cancellation).ConfigureAwait(false);
        var choices = running.Choices.Select((choice, i) => formatter.Format(choice, new TextDelta(texts[i], 0, choice.Text.TokenCount), isFirst: true));
        await JsonAnswer.WriteAsync(context, header with { Choices = [.. choices], Usage = running.Usage() }, RestJson.Answers.CompletionResponse).ConfigureAwait(false);
    }

    private static async Task<(RequestTarget Target, CompletionRequest Request)> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var target = await RequestTarget.OfAsync(context, model, new JsonFields(body.RootElement)).ConfigureAwait(false);
        return (target, CompletionParser.Parse(body.RootElement, target.Facts));
    }

    private static PreparedPrompt Prepare(ServingTokens tokens, CompletionPrompt prompt, bool addSpecialTokens) =>
        prompt.Ids is { } ids ? tokens.PrepareIds(ids) : tokens.PrepareText(prompt.Text!, addSpecialTokens, "prompt");

    private static int? ScorePrompt(CompletionRequest request)
    {
        var echoed = request.Echo ? request.Settings.LogProbs : null;
        return echoed is null || request.Settings.PromptLogProbs is null ? echoed ?? request.Settings.PromptLogProbs : Math.Max(echoed.Value, request.Settings.PromptLogProbs.Value);
    }

    private static async Task StreamAsync(HttpContext context, RunningChoices running, CompletionFormatter formatter, CompletionResponse header, bool includeUsage)
    {
        await using var events = new EventStream(context);
        await events.RunAsync(async () =>
        {
            await running.ForEachAsync(async (choice, _) =>
            {
                var isFirst = true;
                await foreach (var delta in choice.Text.ReadAsync(context.RequestAborted).ConfigureAwait(false))
                {
                    choice.ThrowIfBroken();
                    await SendAsync(header with { Choices = [formatter.Format(choice, delta, isFirst)] }).ConfigureAwait(false);
                    isFirst = false;
                }
            }).ConfigureAwait(false);
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
