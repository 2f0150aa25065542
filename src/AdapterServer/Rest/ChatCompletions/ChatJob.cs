using System.Text.Json;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Generations;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>A chat from its JSON to its choices, whichever interface it came over.</summary>
internal sealed record ChatJob(RequestTarget Target, GenerationSettings Settings, PreparedPrompt Prompt)
{
    /// <summary><b>Errors</b>: as <see cref="RequestTarget.OfAsync"/>, <see cref="ChatParser"/> and <see cref="ChatRenderer"/>.</summary>
    public static async Task<ChatJob> ReadAsync(ServingModel model, JsonElement body, string? requestId, CancellationToken cancellationToken)
    {
        var target = await RequestTarget.OfAsync(model, new JsonFields(body), requestId, cancellationToken).ConfigureAwait(false);
        var request = ChatParser.Parse(body, target.Facts);
        // Rendered before the document goes: the messages are views into it.
        return new ChatJob(target, request.Settings, ChatRenderer.Prepare(target.Text, request.Prompt));
    }

    public Task<RunningChoices> StartAsync(ServingModel model, CancellationToken cancellationToken) =>
        GenerationStarter.StartAsync(model, Target, Settings, [Prompt], Target.Text.Facts.Defaults.MaxTokens ?? int.MaxValue, Settings.PromptLogProbs, cancellationToken);

    /// <summary>Whole choices.</summary>
    public async Task<IReadOnlyList<ChatChoice>> ReadToEndAsync(RunningChoices running, CancellationToken cancellationToken)
    {
        var formatter = new ChatFormatter(Target.Text.Tokens.Labels, Settings);
        var texts = await running.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        return [.. running.Choices.Select((choice, i) => formatter.Whole(choice, texts[i]))];
    }

    /// <summary>Of each choice the role, pieces as they come, and how it ended; those of different choices at once.</summary>
    public Task StreamAsync(RunningChoices running, Func<ChatChoice, Task> send, CancellationToken cancellationToken)
    {
        var formatter = new ChatFormatter(Target.Text.Tokens.Labels, Settings);
        return running.ForEachAsync(async (choice, _) =>
        {
            await send(ChatFormatter.Role(choice)).ConfigureAwait(false);
            var isFirst = true;
            await foreach (var delta in choice.Text.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                choice.ThrowIfBroken();
                if (delta.Text.Length > 0 || delta.EndToken > delta.FirstToken)
                {
                    await send(formatter.Piece(choice, delta, isFirst)).ConfigureAwait(false);
                    isFirst = false;
                }
            }

            await send(ChatFormatter.End(choice)).ConfigureAwait(false);
        });
    }
}
