using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Grpc.Messages;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Completions;
using AdapterServe.AdapterStore.Access;
using Grpc.Core;
using Wire = AdapterServe.Protocol.V1;

namespace AdapterServe.AdapterServer.Grpc.Generation;

/// <summary><c>adapterserve.v1.Generation</c>.</summary>
[Needs(AccessScopes.Infer)]
internal sealed class GenerationService(ServingModel model, TimeProvider time) : Wire.Generation.GenerationBase
{
    public override async Task<Wire.CompletionResponse> Complete(Wire.CompletionRequest request, ServerCallContext context)
    {
        var job = await ReadAsync(request, context).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.CancellationToken).ConfigureAwait(false);
        var choices = await job.ReadToEndAsync(running, context.CancellationToken).ConfigureAwait(false);
        var answer = CompletionHeader(job);
        answer.Choices.AddRange(choices.Select(CompletionMessages.Of));
        answer.Usage = LogprobMessages.Of(running.Usage());
        return answer;
    }

    public override async Task CompleteStream(Wire.CompletionRequest request, IServerStreamWriter<Wire.CompletionResponse> responseStream, ServerCallContext context)
    {
        var job = await ReadAsync(request, context).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.CancellationToken).ConfigureAwait(false);
        using var stream = new SerialWriter<Wire.CompletionResponse>(responseStream, context.CancellationToken);
        var header = CompletionHeader(job);
        await job.StreamAsync(running, piece => stream.SendAsync(new Wire.CompletionResponse(header) { Choices = { CompletionMessages.Of(piece) } }), context.CancellationToken).ConfigureAwait(false);
        header.Usage = LogprobMessages.Of(running.Usage());
        await stream.SendAsync(header).ConfigureAwait(false);
    }

    public override async Task<Wire.ChatResponse> Chat(Wire.ChatRequest request, ServerCallContext context)
    {
        var job = await ReadAsync(request, context).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.CancellationToken).ConfigureAwait(false);
        var choices = await job.ReadToEndAsync(running, context.CancellationToken).ConfigureAwait(false);
        var answer = ChatHeader(job);
        answer.Choices.AddRange(choices.Select(ChatMessages.Of));
        answer.Usage = LogprobMessages.Of(running.Usage());
        return answer;
    }

    public override async Task ChatStream(Wire.ChatRequest request, IServerStreamWriter<Wire.ChatResponse> responseStream, ServerCallContext context)
    {
        var job = await ReadAsync(request, context).ConfigureAwait(false);
        using var running = await job.StartAsync(model, context.CancellationToken).ConfigureAwait(false);
        using var stream = new SerialWriter<Wire.ChatResponse>(responseStream, context.CancellationToken);
        var header = ChatHeader(job);
        await job.StreamAsync(running, piece => stream.SendAsync(new Wire.ChatResponse(header) { Choices = { ChatMessages.Of(piece) } }), context.CancellationToken).ConfigureAwait(false);
        header.Usage = LogprobMessages.Of(running.Usage());
        await stream.SendAsync(header).ConfigureAwait(false);
    }

    private async Task<CompletionJob> ReadAsync(Wire.CompletionRequest request, ServerCallContext context)
    {
        using var body = MessageJson.Write(request);
        return await CompletionJob.ReadAsync(model, body.RootElement, RequestId.Of(context), context.CancellationToken).ConfigureAwait(false);
    }

    private async Task<ChatJob> ReadAsync(Wire.ChatRequest request, ServerCallContext context)
    {
        using var body = MessageJson.Write(request, isChat: true);
        return await ChatJob.ReadAsync(model, body.RootElement, RequestId.Of(context), context.CancellationToken).ConfigureAwait(false);
    }

    private Wire.CompletionResponse CompletionHeader(CompletionJob job) =>
        new() { Id = "cmpl-" + Guid.NewGuid().ToString("N"), Created = time.GetUtcNow().ToUnixTimeSeconds(), Model = job.Target.Model };

    private Wire.ChatResponse ChatHeader(ChatJob job) =>
        new() { Id = "chatcmpl-" + Guid.NewGuid().ToString("N"), Created = time.GetUtcNow().ToUnixTimeSeconds(), Model = job.Target.Model };
}
