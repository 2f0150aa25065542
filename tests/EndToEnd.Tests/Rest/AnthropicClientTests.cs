using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

/// <summary>The official Anthropic client from npm, as it is.</summary>
[Collection(SharedServerTests.Name)]
public sealed class AnthropicClientTests(SharedServer shared)
{
    [Fact]
    public async Task The_official_client_works_unmodified()
    {
        var folder = await Programs.InstallFromNpmAsync("anthropic");
        Assert.Equal("ok", (await Programs.RunAsync(folder, "node", ["client.mjs", shared.Server.Address.GetLeftPart(UriPartial.Authority)])).Trim());
    }
}
