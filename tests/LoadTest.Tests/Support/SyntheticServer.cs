using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace AdapterServe.LoadTest.Tests.Support;

/// <summary>A server of the tests' own on a real socket: it lists what a test wants and answers completions as the test says.</summary>
internal sealed class SyntheticServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private SyntheticServer(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    public static async Task<SyntheticServer> StartAsync(
        RequestDelegate completions, string? models = null, HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        var app = builder.Build();
        app.MapGet(
            "/v1/models",
            () => Results.Text(models ?? """{"data":[{"id":"base","owned_by":"adapterserve","vocab_size":100}]}""", "application/json"));
        app.MapPost("/v1/completions", completions);
        app.MapPost("/v1/chat/completions", completions);
        app.MapPost("/adapterserve.v1.Generation/CompleteStream", completions);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new SyntheticServer(app);
    }

    /// <summary>Answers with a stream of so many tokens of one id each, and the counts.</summary>
    public static async Task AnswerAsync(HttpContext context, int tokens = 1)
    {
        context.Response.ContentType = "text/event-stream";
        for (var token = 0; token < tokens; token++)
        {
            await WriteAsync(context, """data: {"choices":[{"index":0,"text":"a","token_ids":[5],"finish_reason":null}]}""" + "\n\n");
        }

        await WriteAsync(
            context, $$$"""data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":{{{tokens}}}}}""" + "\n\ndata: [DONE]\n\n");
    }

    public static async Task WriteAsync(HttpContext context, string text)
    {
        await context.Response.WriteAsync(text, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
