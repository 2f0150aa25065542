using AdapterServe.AdapterServer.Access.Jwt;
using AdapterServe.AdapterServer.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AdapterServe.AdapterServer.Tests.Access;

public sealed class VerificationKeysTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/keys", 2)]
    [InlineData("/elsewhere", 0)]
    [InlineData("/endless", 0)]
    [InlineData("/page", 0)]
    [InlineData("/nowhere", 0)]
    public async Task Keys_are_read_at_a_url_and_a_url_without_them_is_no_failure_to_start(string path, int expected)
    {
        var document = new TokenMaker().Document().ToJsonString();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var issuer = builder.Build();
        issuer.Run(context => context.Request.Path.Value switch
        {
            "/keys" => context.Response.WriteAsync(document, Cancellation),
            "/elsewhere" => Redirect(context),
            "/endless" => context.Response.WriteAsync(document + new string(' ', JsonWebKeySet.MostBytes), Cancellation),
            "/page" => context.Response.WriteAsync("<html>", Cancellation),
            _ => NotFound(context),
        });
        await issuer.StartAsync(Cancellation);
        using var keys = new VerificationKeys(issuer.Urls.Single() + path, TimeProvider.System, NullLogger.Instance);
        await keys.StartAsync(Cancellation);
        Assert.Equal(expected, keys.Current.Keys.Length);
    }

    [Theory]
    [InlineData("{\"keys\":[]}", "it has no key")]
    [InlineData("keys", "it is not JSON")]
    public async Task A_file_without_keys_is_a_failure_to_start(string content, string reason)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, content, Cancellation);
            using var keys = new VerificationKeys(file, TimeProvider.System, NullLogger.Instance);
            Assert.Contains(reason, (await Assert.ThrowsAsync<StartupException>(() => keys.StartAsync(Cancellation))).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task Redirect(HttpContext context)
    {
        context.Response.Redirect("/keys");
        return Task.CompletedTask;
    }

    private static Task NotFound(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }
}
