using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.Generate;

/// <summary>A request of TGI's form from its prompt to its answer.</summary>
internal sealed record GenerateJob(RequestTarget Target, GenerateRequest Request)
{
    public async Task<GenerateResponse> ReadToEndAsync(HttpContext context, ServingModel model)
    {
        using var running = await StartAsync(context, model).ConfigureAwait(false);
        await running.ReadToEndAsync(context.RequestAborted).ConfigureAwait(false);
        var formatter = Formatter(model, running);
        return new GenerateResponse(formatter.Text(), Request.Details ? formatter.Details() : null);
    }

    /// <summary>One event a token; the last has the text, so a token waits until it is known whether it is the last.</summary>
    public async Task StreamAsync(HttpContext context, ServingModel model)
    {
        using var running = await StartAsync(context, model).ConfigureAwait(false);
        var (choice, formatter) = (running.Choices[0], Formatter(model, running));
        await using var events = new EventStream(context);
        await events.RunAsync(ReadAsync, error => events.SendAsync(GenerateError.Of(error), RestJson.Answers.GenerateError)).ConfigureAwait(false);

        async Task ReadAsync()
        {
            var sent = 0;
            await foreach (var delta in choice.Text.ReadAsync(context.RequestAborted).ConfigureAwait(false))
            {
                choice.ThrowIfBroken();
                for (; sent < delta.EndToken - 1; sent++)
                {
                    await SendAsync(sent, isLast: false).ConfigureAwait(false);
                }
            }

            await SendAsync(sent, isLast: true).ConfigureAwait(false);
        }

        Task SendAsync(int index, bool isLast) => events.SendAsync(
            new GenerateEvent(index + 1, formatter.Token(index, isLast), formatter.TopTokens(index), isLast ? formatter.Text() : null, isLast ? formatter.End() : null), RestJson.Answers.GenerateEvent);
    }

    private Task<RunningChoices> StartAsync(HttpContext context, ServingModel model) => GenerationStarter.StartAsync(
        model,
        Target,
        Request.Settings,
        [Target.Text.Tokens.PrepareText(Request.Inputs, addSpecialTokens: true, "inputs")],
        GenerateParser.DefaultTokens,
        Request.Settings.PromptLogProbs,
        context.RequestAborted);

    private GenerateFormatter Formatter(ServingModel model, RunningChoices running) =>
        new(Target.Text, [.. model.Engine.Limits.EndIds, .. Target.Text.EndIds], Request, running.Choices[0]);
}
