using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

[Collection(SharedServerTests.Name)]
public sealed class HeadTests(SharedServer shared)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/livez", 200)]
    [InlineData("/readyz", 200)]
    [InlineData("/v1/models", 200)]
    [InlineData("/v1/models/pirate", 200)]
    [InlineData("/v1/adapters", 200)]
    [InlineData("/v1/adapters/pirate", 200)]
    [InlineData("/v1/adapters/pirate/versions/1", 200)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/v1/adapters/nobody", 404)]
    [InlineData("/v1/nothing", 404)]
    [InlineData("/v1/completions", 405)]
    public async Task HEAD_answers_as_GET_without_a_body(string path, int status)
    {
        using var get = await shared.Client.GetAsync(path, Cancellation);
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var head = await shared.Client.SendAsync(request, Cancellation);
        Assert.Equal((status, status), ((int)get.StatusCode, (int)head.StatusCode));
        Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
        Assert.Equal(get.Headers.ETag, head.Headers.ETag);
        Assert.Equal(get.Content.Headers.Allow, head.Content.Headers.Allow);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(Cancellation));
        if (path.StartsWith("/v1", StringComparison.Ordinal))
        {
            Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        }
    }
}
