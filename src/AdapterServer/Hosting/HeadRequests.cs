namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Answers HEAD as GET. The server itself leaves out the body of an answer to what came as HEAD.</summary>
internal sealed class HeadRequests(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    }
}
