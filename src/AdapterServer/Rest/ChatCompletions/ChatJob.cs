using System.Text.Json;
using System.Text.Json.Nodes;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterServer.Rest.Tools;

namespace AdapterServe.AdapterServer.Rest.ChatCompletions;

/// <summary>A chat from its JSON to its choices, whichever interface it came over.</summary>
internal sealed record ChatJob(RequestTarget Target, GenerationSettings Settings, PreparedPrompt Prompt, ChatTools? Tools)
{
    /// <summary><b>Errors</b>: as <see cref="RequestTarget.OfAsync"/>, <see cref="ChatParser"/> and <see cref="ChatRenderer"/>.</summary>
    public static async Task<ChatJob> ReadAsync(ServingModel model, JsonElement body, string? requestId, CancellationToken cancellationToken)
    {
        var target = await RequestTarget.OfAsync(model, new JsonFields(body), requestId, cancellationToken).ConfigureAwait(false);
        var request = ChatParser.Parse(body, target.Facts);
        var tools = request.Prompt.Tools is { } asked ? new ChatTools(ToolFormat.Of(model.Options.ToolCalls, target.Text.Template), asked) : null;
        var settings = tools?.Into(request.Settings, target.Text.Tokens) ?? request.Settings;
        // Rendered before the document goes: the messages are views into it.
        var prompt = ChatRenderer.Prepare(target.Text, request.Prompt, tools?.PromptEnd ?? string.Empty);
        // An answer that is held to another form has no calls in it.
        return new ChatJob(target, settings, prompt, request.Settings.Guide is null ? tools : null);
    }

    /// <summary>A chat that another interface wrote in these words.</summary>
    public static async Task<ChatJob> ReadAsync(ServingModel model, JsonObject body, string? requestId, CancellationToken cancellationToken)
    {
        // A little deeper than the body that it was made of.
        using var document = JsonDocument.Parse(body.ToJsonString(), new JsonDocumentOptions { MaxDepth = 2 * JsonBody.MaxDepth });
        return await ReadAsync(model, document.RootElement, requestId, cancellationToken).ConfigureAwait(false);
    }

    public Task<RunningChoices> StartAsync(ServingModel model, CancellationToken cancellationToken) =>
        GenerationStarter.StartAsync(model, Target, Settings, [Prompt], Target.Text.Facts.Defaults.MaxTokens ?? int.MaxValue, Settings.PromptLogProbs, cancellationToken);

    /// <summary>Whole choices.</summary>
    public async Task<IReadOnlyList<ChatChoice>> ReadToEndAsync(RunningChoices running, CancellationToken cancellationToken)
    {
        var formatter = new ChatFormatter(Target.Text.Tokens.Labels, Settings);
        var texts = await running.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        return [.. running.Choices.Select((choice, i) => formatter.Whole(choice, new ChatAnswer(Tools), texts[i]))];
    }

    /// <summary>Of each choice the role, text and calls as they come, and how it ended; those of different choices at once.</summary>
    public Task StreamAsync(RunningChoices running, Func<ChatChoice, Task> send, CancellationToken cancellationToken)
    {
        var formatter = new ChatFormatter(Target.Text.Tokens.Labels, Settings);
        return running.ForEachAsync(async (choice, _) =>
        {
            await send(ChatFormatter.Role(choice)).ConfigureAwait(false);
            var answer = new ChatAnswer(Tools);
            var isFirst = true;
            await foreach (var delta in choice.Text.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                choice.ThrowIfBroken();
                // The end of a choice that may call tells what its last characters were.
                if (delta.Text.Length > 0 || delta.EndToken > delta.FirstToken || Tools is not null)
                {
                    foreach (var piece in formatter.Pieces(choice, answer, delta, isFirst))
                    {
                        await send(piece).ConfigureAwait(false);
                    }

                    isFirst = false;
                }
            }

            await send(ChatFormatter.End(choice, answer)).ConfigureAwait(false);
        });
    }
}
