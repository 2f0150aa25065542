using System.Collections.Immutable;
using System.Text.Json;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.Engine.Requests;

namespace AdapterServe.AdapterServer.Rest.Completions;

/// <summary>A legacy completion from its JSON to its choices, whichever interface it came over.</summary>
internal sealed record CompletionJob(RequestTarget Target, CompletionRequest Request)
{
    private const int DefaultMaxTokens = 16;

    /// <summary><b>Errors</b>: as <see cref="RequestTarget.OfAsync"/> and <see cref="CompletionParser"/>.</summary>
    public static async Task<CompletionJob> ReadAsync(ServingModel model, JsonElement body, string? requestId, CancellationToken cancellationToken)
    {
        var target = await RequestTarget.OfAsync(model, new JsonFields(body), requestId, cancellationToken).ConfigureAwait(false);
        return new CompletionJob(target, CompletionParser.Parse(body, target.Facts));
    }

    public Task<RunningChoices> StartAsync(ServingModel model, CancellationToken cancellationToken)
    {
        var prompts = Request.Prompts.Select(Prepare).ToImmutableArray();
        return GenerationStarter.StartAsync(model, Target, Request.Settings, prompts, DefaultMaxTokens, ScorePrompt(), cancellationToken);
    }

    /// <summary>Whole choices.</summary>
    public async Task<IReadOnlyList<CompletionChoice>> ReadToEndAsync(RunningChoices running, CancellationToken cancellationToken)
    {
        var formatter = new CompletionFormatter(Target.Text.Tokens, Request);
        var texts = await running.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        var (n, bestOf) = (Request.Settings.N, Request.Settings.BestOf);
        return [.. running.Choices
            .Select((choice, i) => (Choice: choice, Text: texts[i]))
            .Chunk(bestOf)
            .SelectMany(prompt => bestOf > n ? prompt.OrderByDescending(entry => MeanLogProb(entry.Choice)).Take(n) : prompt)
            .Select((entry, i) => formatter.Format(entry.Choice with { Index = i }, new TextDelta(entry.Text, 0, entry.Choice.Text.TokenCount), isFirst: true))];
    }

    /// <summary>Pieces as they come; those of different choices at once. <b>Errors</b>: 400 where the best are wanted, which only whole choices tell.</summary>
    public Task StreamAsync(RunningChoices running, Func<CompletionChoice, Task> send, CancellationToken cancellationToken)
    {
        if (Request.Settings.BestOf > Request.Settings.N)
        {
            throw ApiException.Invalid("best_of", "'best_of' above 'n' can't be streamed: which choices are the best is known at their ends.");
        }

        var formatter = new CompletionFormatter(Target.Text.Tokens, Request);
        return running.ForEachAsync(async (choice, _) =>
        {
            var isFirst = true;
            await foreach (var delta in choice.Text.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                choice.ThrowIfBroken();
                await send(formatter.Format(choice, delta, isFirst)).ConfigureAwait(false);
                isFirst = false;
            }
        });
    }

    private PreparedPrompt Prepare(CompletionPrompt prompt) =>
        prompt.Ids is { } ids ? Target.Text.Tokens.PrepareIds(ids) : Target.Text.Tokens.PrepareText(prompt.Text!, Request.AddSpecialTokens, "prompt");

    private static double MeanLogProb(RunningChoice choice)
    {
        var count = choice.Text.TokenCount;
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            sum += choice.Text.Generation.LogProbs![i];
        }

        return count == 0 ? 0 : sum / count;
    }

    private int? ScorePrompt()
    {
        var echoed = Request.Echo ? Request.Settings.LogProbs : null;
        return echoed is null || Request.Settings.PromptLogProbs is null ? echoed ?? Request.Settings.PromptLogProbs : Math.Max(echoed.Value, Request.Settings.PromptLogProbs.Value);
    }
}
