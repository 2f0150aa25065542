using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;

namespace Grpc.AspNetCore.Server.Calls;

/// <summary>
/// Runs a method for each call. <b>Semantics</b>: a call ends with its handler, or at its deadline without waiting for it. <b>Errors</b>: none reaches the host; each
/// becomes a status, and the text of one that nobody expected stays in the log.
/// </summary>
internal sealed class CallHandler(IMethod method, MethodOptions options, Func<HttpCallContext, Task> body, TimeProvider time, ILogger logger)
{
    /// <summary>HTTP/2's CANCEL.</summary>
    private const int ResetCancel = 8;

    /// <summary>How long an ended call's last bytes may take.</summary>
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);

    private static readonly Status s_late = new(StatusCode.DeadlineExceeded, "The deadline passed.");

    public async Task HandleAsync(HttpContext http)
    {
        if (!GrpcProtocol.Accepts(http))
        {
            return;
        }

        http.Response.ContentType = GrpcProtocol.ContentType;
        LiftLimits(http);
        TimeSpan? timeout;
        try
        {
            timeout = GrpcTimeout.Parse(http.Request.Headers[GrpcProtocol.Timeout]);
        }
        catch (RpcException e)
        {
            Trailers.Write(http.Response, e.Status, []);
            return;
        }

        using var call = new HttpCallContext(http, method, options, time, timeout);
        await RunAsync(http, call).ConfigureAwait(false);
    }

    private async Task RunAsync(HttpContext http, HttpCallContext call)
    {
        var work = RunBodyAsync(call);
        if (call.End.Passed is not { } passed || await Task.WhenAny(work, passed).ConfigureAwait(false) == work)
        {
            var (status, trailers) = await work.ConfigureAwait(false);
            await call.EndAsync(status, trailers).ConfigureAwait(false);
            return;
        }

        await call.EndAsync(s_late, []).ConfigureAwait(false);
        await CompleteAsync(http).ConfigureAwait(false);
        // The request belongs to the handler until it has seen the cancellation.
        await work.ConfigureAwait(false);
    }

    /// <summary>Sends the trailers now; a client that does not read what comes before them is cut off.</summary>
    private async Task CompleteAsync(HttpContext http)
    {
        var complete = http.Response.CompleteAsync();
        try
        {
            await complete.WaitAsync(s_lastWords, time, http.RequestAborted).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException or IOException)
        {
            http.Features.Get<IHttpResetFeature>()?.Reset(ResetCancel);
        }
    }

    private async Task<(Status Status, IEnumerable<Metadata.Entry> Trailers)> RunBodyAsync(HttpCallContext call)
    {
        try
        {
            if (call.End.Passed is not null)
            {
                // A handler that does not wait for anything must not keep the deadline from passing.
                await Task.Yield();
            }

            await body(call).ConfigureAwait(false);
            return (call.End.HasPassed ? s_late : call.Status, call.AddedTrailers ?? []);
        }
        catch (Exception exception)
        {
            var (status, trailers) = StatusOf(exception, call);
            return (status, [.. call.AddedTrailers ?? [], .. trailers]);
        }
    }

    private (Status Status, Metadata Trailers) StatusOf(Exception exception, HttpCallContext call)
    {
        if (call.End.HasPassed)
        {
            return (s_late, Metadata.Empty);
        }

        switch (exception)
        {
            case RpcException e:
                return (e.Status, e.Trailers);
            case OperationCanceledException or IOException when call.HttpContext.RequestAborted.IsCancellationRequested:
                return (new Status(StatusCode.Cancelled, "The client went away."), Metadata.Empty);
            case OperationCanceledException:
                return (new Status(StatusCode.Cancelled, "The call was cancelled."), Metadata.Empty);
            default:
                GrpcLog.HandlerFailed(logger, method.FullName, exception);
                var detail = options.EnableDetailedErrors ? $"{exception.GetType().Name}: {exception.Message}" : "The handler failed; the server's log has the details.";
                return (new Status(StatusCode.Unknown, detail, exception), Metadata.Empty);
        }
    }

    /// <summary>A message's size is limited, a stream's is its handler's business; between a stream's messages any time may pass.</summary>
    private void LiftLimits(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = null;
        }

        if (method.Type is MethodType.ClientStreaming or MethodType.DuplexStreaming && http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }
}
