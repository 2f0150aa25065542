using System.CommandLine;
using System.Text;
using AdapterServe.AdapterServer.Commands;
using AdapterServe.Client;
using AdapterServe.Client.Completions;
using AdapterServe.Cli.Output;

namespace AdapterServe.Cli.Commands;

/// <summary><c>chat [MODEL]</c>: a conversation whose answers are printed as they come.</summary>
internal sealed class ChatCommand
{
    private readonly Argument<string?> _model = new("model") { Description = "The base or an adapter; without it the base", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _once = new("--once") { Description = "Ask this, print the answer, and end; - reads it from the input stream" };
    private readonly Option<string?> _system = new("--system") { Description = "The system message" };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "0 always takes the likeliest token" };
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "Most tokens of an answer" };
    private readonly Option<long?> _seed = new("--seed") { Description = "Makes answers repeatable" };
    private readonly ServerOptionSet _server;

    private ChatCommand(ServerOptionSet server) => _server = server;

    public static Command Build(ServerOptionSet server)
    {
        var chat = new ChatCommand(server);
        var command = new Command("chat", "Talks with the model; /exit or the end of the input ends it, /clear begins anew, /model NAME takes another adapter.")
        {
            chat._model, chat._once, chat._system, chat._temperature, chat._maxTokens, chat._seed,
        };
        command.SetAction((parsed, cancellation) => server.CallAsync(parsed, client => chat.RunAsync(parsed, client, cancellation)));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, AdapterServeClient client, CancellationToken cancellation)
    {
        var once = parsed.GetValue(_once);
        if (once is null && _server.IsJson(parsed))
        {
            throw new CommandException("--json goes with --once: a conversation is no JSON value.");
        }

        var model = parsed.GetValue(_model) ?? await BaseAsync(client, cancellation);
        if (once is not null)
        {
            return await AskOnceAsync(parsed, client, model, once == "-" ? await Console.In.ReadToEndAsync(cancellation) : once, cancellation);
        }

        await TalkAsync(parsed, client, model, cancellation);
        return ExitCodes.Ok;
    }

    private async Task<int> AskOnceAsync(ParseResult parsed, AdapterServeClient client, string model, string question, CancellationToken cancellation)
    {
        List<ChatMessage> messages = [.. Opening(parsed), new ChatMessage("user", question)];
        var isJson = _server.IsJson(parsed);
        var (text, finish, usage) = await AnswerAsync(parsed, client, model, messages, print: !isJson, cancellation);
        if (isJson)
        {
            Answer.Json(new { model, content = text, finish_reason = finish, usage = usage is null ? null : new { prompt_tokens = usage.PromptTokens, completion_tokens = usage.CompletionTokens } });
        }

        return ExitCodes.Ok;
    }

    private async Task TalkAsync(ParseResult parsed, AdapterServeClient client, string model, CancellationToken cancellation)
    {
        List<ChatMessage> messages = [.. Opening(parsed)];
        while (true)
        {
            await Console.Error.WriteAsync($"{model}> ");
            var line = await Console.In.ReadLineAsync(cancellation);
            switch (line?.Trim())
            {
                case null or "/exit":
                    return;
                case "":
                    continue;
                case "/clear":
                    messages = [.. Opening(parsed)];
                    continue;
                case { } command when command.StartsWith("/model ", StringComparison.Ordinal):
                    model = command["/model ".Length..].Trim();
                    continue;
            }

            messages.Add(new ChatMessage("user", line));
            try
            {
                messages.Add(new ChatMessage("assistant", (await AnswerAsync(parsed, client, model, messages, print: true, cancellation)).Text));
            }
            catch (Client.Http.ApiException e)
            {
                // The conversation goes on as if it had not been asked.
                messages.RemoveAt(messages.Count - 1);
                await Console.Error.WriteLineAsync($"adapterserve: {e.Message}");
            }
        }
    }

    private async Task<(string Text, string? Finish, TokenUsage? Usage)> AnswerAsync(
        ParseResult parsed, AdapterServeClient client, string model, IReadOnlyList<ChatMessage> messages, bool print, CancellationToken cancellation)
    {
        var request = new CompletionRequest
        {
            Model = model, Messages = messages, Temperature = parsed.GetValue(_temperature), MaxTokens = parsed.GetValue(_maxTokens), Seed = parsed.GetValue(_seed),
        };
        var (text, finish, usage) = (new StringBuilder(), (string?)null, (TokenUsage?)null);
        await foreach (var chunk in client.StreamAsync(request, cancellation))
        {
            text.Append(chunk.Text);
            (finish, usage) = (chunk.FinishReason ?? finish, chunk.Usage ?? usage);
            if (print)
            {
                await Console.Out.WriteAsync(Printable(chunk.Text));
                await Console.Out.FlushAsync(cancellation);
            }
        }

        if (print)
        {
            await Console.Out.WriteLineAsync();
        }

        return (text.ToString(), finish, usage);
    }

    private IEnumerable<ChatMessage> Opening(ParseResult parsed) => parsed.GetValue(_system) is { } system ? [new ChatMessage("system", system)] : [];

    private static async Task<string> BaseAsync(AdapterServeClient client, CancellationToken cancellation) =>
        (await client.ListModelsAsync(cancellation)).FirstOrDefault(model => model.Parent is null)?.Id ?? throw new CommandException("The server lists no base model; name a model.");

    /// <summary>What a model writes must not move the cursor or recolour the terminal.</summary>
    private static string Printable(string text) => string.Concat(text.Where(letter => !char.IsControl(letter) || letter is '\n' or '\t'));
}
