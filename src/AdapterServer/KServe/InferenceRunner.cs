using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Hosting;
using AdapterServe.AdapterServer.Rest.Completions;

namespace AdapterServe.AdapterServer.KServe;

/// <summary>Runs inference requests as completions.</summary>
internal static class InferenceRunner
{
    /// <summary>One answer. <b>Errors</b>: those of completions; 400 where a stream is asked for.</summary>
    public static async Task<InferenceResult> RunAsync(
        ServingModel model, InferenceRequest request, string? requestId, CancellationToken cancellationToken)
    {
        var job = await ReadAsync(model, request, requestId, cancellationToken).ConfigureAwait(false);
        return job.Request.Settings.Stream
            ? throw ApiException.Invalid("stream", "Only ModelStreamInfer answers in pieces.")
            : await RunAsync(model, request, job, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// One answer, or pieces where the request asks for a stream: each of one choice, the last empty. <paramref name="send"/> is told which is the last, and may be called by several
    /// threads at once.
    /// </summary>
    public static async Task StreamAsync(
        ServingModel model, InferenceRequest request, string? requestId, Func<InferenceResult, bool, Task> send, CancellationToken cancellationToken)
    {
        var job = await ReadAsync(model, request, requestId, cancellationToken).ConfigureAwait(false);
        if (!job.Request.Settings.Stream)
        {
            await send(await RunAsync(model, request, job, cancellationToken).ConfigureAwait(false), true).ConfigureAwait(false);
            return;
        }

        using var running = await job.StartAsync(model, cancellationToken).ConfigureAwait(false);
        await job.StreamAsync(running, piece => send(Result(request, job, [piece]), false), cancellationToken).ConfigureAwait(false);
        await send(new InferenceResult(Served(request, job), request.Id, []), true).ConfigureAwait(false);
    }

    private static async Task<CompletionJob> ReadAsync(
        ServingModel model, InferenceRequest request, string? requestId, CancellationToken cancellationToken)
    {
        using var body = request.ToCompletion();
        return await CompletionJob.ReadAsync(model, body.RootElement, requestId, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<InferenceResult> RunAsync(ServingModel model, InferenceRequest request, CompletionJob job, CancellationToken cancellationToken)
    {
        using var running = await job.StartAsync(model, cancellationToken).ConfigureAwait(false);
        return Result(request, job, await job.ReadToEndAsync(running, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The version is the one that answers: of an alias that means two only the request itself decides.</summary>
    private static ServedModel Served(InferenceRequest request, CompletionJob job) =>
        job.Target.Alone is { } version ? request.Model with { Version = $"{version.Number}" } : request.Model;

    private static InferenceResult Result(InferenceRequest request, CompletionJob job, IReadOnlyList<CompletionChoice> choices) =>
        new(Served(request, job), request.Id, [.. request.Wanted().Select(name => Output(name, choices))]);

    private static OutputTensor Output(string name, IReadOnlyList<CompletionChoice> choices) => name switch
    {
        TensorNames.TextOutput => new OutputTensor(name, "BYTES", [.. choices.Select(choice => choice.Text)], null),
        TensorNames.FinishReason => new OutputTensor(name, "BYTES", [.. choices.Select(choice => choice.FinishReason ?? string.Empty)], null),
        TensorNames.OutputIds => new OutputTensor(name, "INT64", null, [.. choices.SelectMany(choice => choice.TokenIds!).Select(id => (long)id)]),
        _ => new OutputTensor(name, "INT32", null, [.. choices.Select(choice => (long)choice.TokenIds!.Length)]),
    };
}
