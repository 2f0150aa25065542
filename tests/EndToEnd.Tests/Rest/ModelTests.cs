using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Rest;

[Collection(SharedServerTests.Name)]
public sealed class ModelTests(SharedServer shared)
{
    [Fact]
    public async Task The_base_comes_first_then_every_adapter_by_name()
    {
        var list = await shared.Client.GetJsonAsync("/v1/models");
        Assert.Equal("list", list["object"]!.GetValue<string>());
        Assert.Equal(["demo", "french", "json", "markdown", "pirate", "polite", "robot", "shout", "yoda"], list["data"]!.AsArray().Select(model => model!["id"]!.GetValue<string>()));
        Assert.All(list["data"]!.AsArray(), model => Assert.Equal("model", model!["object"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Pages_follow_each_other()
    {
        var first = await shared.Client.GetJsonAsync("/v1/models?limit=2");
        Assert.Equal(["demo", "french"], first["data"]!.AsArray().Select(model => model!["id"]!.GetValue<string>()));
        Assert.True(first["has_more"]!.GetValue<bool>());
        var last = await shared.Client.GetJsonAsync("/v1/models?limit=7&after=french");
        Assert.Equal(7, last["data"]!.AsArray().Count);
        Assert.False(last["has_more"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("pirate")]
    [InlineData("pirate@1")]
    [InlineData("default/pirate")]
    [InlineData("default%2Fpirate")]
    public async Task A_model_is_found_by_every_reference_to_it(string id)
    {
        var model = await shared.Client.GetJsonAsync("/v1/models/" + id);
        Assert.Equal(Uri.UnescapeDataString(id), model["id"]!.GetValue<string>());
    }
}
