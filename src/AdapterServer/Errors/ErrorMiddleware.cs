using AdapterServe.AdapterServer.Hosting;

namespace AdapterServe.AdapterServer.Errors;

/// <summary>Gives every error its interface's body, whichever layer it came from.</summary>
internal sealed class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, exception).ConfigureAwait(false);
            return;
        }

        if (!context.Response.HasStarted && context.Response.StatusCode >= 400 && context.Response.ContentLength is null or 0 && context.Response.ContentType is null)
        {
            var error = ErrorMapper.OfStatus(context.Response.StatusCode, context.Request.Method, context.Request.Path);
            await ErrorWriter.WriteAsync(context, error).ConfigureAwait(false);
        }
    }

    private async Task AnswerAsync(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads the answer; the status is for the access log.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return;
        }

        var error = ErrorMapper.Map(exception);
        if (error.Status == StatusCodes.Status500InternalServerError)
        {
            ServerLog.RequestFailed(logger, context.Request.Path, exception);
        }

        await ErrorWriter.WriteAsync(context, error).ConfigureAwait(false);
    }
}
