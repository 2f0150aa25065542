using System.Text.Json;
using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Descriptions;
using AdapterServe.AdapterServer.Rest.Generations;
using AdapterServe.AdapterStore.Access;

namespace AdapterServe.AdapterServer.Rest.Responses;

/// <summary>OpenAI's responses, which are chats in other words; nothing is stored.</summary>
internal static class ResponseEndpoints
{
    public static void MapResponses(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/v1/responses", RespondAsync).WithName("CreateResponse").Needs(AccessScopes.Infer).WithTags("responses").TakesJson(ResponseSchemas.Response).Produces<ResponseBody>();

    private static async Task RespondAsync(HttpContext context, ServingModel model, TimeProvider time)
    {
        var (request, job) = await ReadAsync(context, model).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.RequestAborted).ConfigureAwait(false);
        var begun = Begun(request, job, time);
        if (job.Settings.Stream)
        {
            await StreamAsync(context, job, running, begun).ConfigureAwait(false);
            return;
        }

        var output = new ResponseOutput();
        await RunAsync(job, running, output, _ => Task.CompletedTask, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.WriteAsync(context, Ended(begun, output, running), RestJson.Answers.ResponseBody).ConfigureAwait(false);
    }

    private static async Task<(ResponseRequest Request, ChatJob Job)> ReadAsync(HttpContext context, ServingModel model)
    {
        using var body = await JsonBody.ReadAsync(context, model.Options.MaxJsonBytes).ConfigureAwait(false);
        var request = ResponseParser.Parse(body.RootElement);
        return (request, await ChatJob.ReadAsync(model, request.Chat, RequestId.Of(context), context.RequestAborted).ConfigureAwait(false));
    }

    private static async Task StreamAsync(HttpContext context, ChatJob job, RunningChoices running, ResponseBody begun)
    {
        var output = new ResponseOutput();
        var number = 0;
        await using var events = new EventStream(context);
        await events.RunAsync(
            async () =>
            {
                await SendAsync(new ResponseEvent("response.created") { Response = begun }).ConfigureAwait(false);
                await SendAsync(new ResponseEvent("response.in_progress") { Response = begun }).ConfigureAwait(false);
                await RunAsync(job, running, output, SendAllAsync, context.RequestAborted).ConfigureAwait(false);
                var ended = Ended(begun, output, running);
                await SendAsync(new ResponseEvent("response." + ended.Status) { Response = ended }).ConfigureAwait(false);
            },
            error => SendAsync(new ResponseEvent("response.failed")
            {
                Response = begun with { Status = "failed", Output = output.Items, Error = new ResponseError(error.Body.Error.Code, error.Body.Error.Message) },
            })).ConfigureAwait(false);

        Task SendAsync(ResponseEvent one) => events.SendAsync(one with { SequenceNumber = number++ }, RestJson.Answers.ResponseEvent, one.Type);

        async Task SendAllAsync(List<ResponseEvent> all)
        {
            foreach (var one in all)
            {
                await SendAsync(one).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Runs the chat's one choice; <paramref name="send"/> gets what each piece of it adds.</summary>
    private static async Task RunAsync(ChatJob job, RunningChoices running, ResponseOutput output, Func<List<ResponseEvent>, Task> send, CancellationToken cancellationToken)
    {
        await job.StreamAsync(running, piece => send(output.Add(piece.Delta!)), cancellationToken).ConfigureAwait(false);
        await send(output.End(IsCut(running) ? "incomplete" : "completed")).ConfigureAwait(false);
    }

    private static bool IsCut(RunningChoices running) => running.Choices[0].FinishWord == "length";

    private static ResponseBody Begun(ResponseRequest request, ChatJob job, TimeProvider time)
    {
        JsonElement? Given(string name) => request.Echo.TryGetValue(name, out var value) ? value : null;
        JsonElement GivenOr(string name, string json) => Given(name) ?? JsonElement.Parse(json);
        return new ResponseBody
        {
            Id = "resp_" + Guid.NewGuid().ToString("N"),
            CreatedAt = time.GetUtcNow().ToUnixTimeSeconds(),
            Status = "in_progress",
            Model = job.Target.Model,
            Output = [],
            Instructions = Given("instructions"),
            MaxOutputTokens = Given("max_output_tokens"),
            Metadata = GivenOr("metadata", "{}"),
            ParallelToolCalls = GivenOr("parallel_tool_calls", "true"),
            Text = GivenOr("text", """{"format":{"type":"text"}}"""),
            ToolChoice = GivenOr("tool_choice", "\"auto\""),
            Tools = GivenOr("tools", "[]"),
            User = Given("user"),
            Temperature = job.Settings.Sampling.Temperature,
            TopP = job.Settings.Sampling.TopP,
        };
    }

    private static ResponseBody Ended(ResponseBody begun, ResponseOutput output, RunningChoices running) => begun with
    {
        Status = IsCut(running) ? "incomplete" : "completed",
        IncompleteDetails = IsCut(running) ? new ResponseIncomplete("max_output_tokens") : null,
        Output = output.Items,
        Usage = ResponseUsage.Of(running.Usage()),
    };
}
